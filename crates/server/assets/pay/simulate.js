// Devnet only: makes the simulated chain do what payors do. The server's watcher then sees it as
// it would see a real payment.

import * as api from "./api.js";
import { button, h } from "./dom.js";
import { t } from "./words.js";

const BEFORE = ["exact", "under", "over", "late", "expire", "reorg"];
const AFTER = ["late", "reorg"];

export function drawer({ isOpen, token, due }) {
  const scenarios = isOpen() ? BEFORE : AFTER;
  const run = (scenario) => async () => {
    try {
      await api.simulate(scenario, token());
    } finally {
      due();
    }
  };
  return h("details", { class: "simulate" }, h("summary", {}, t("simulate")),
    h("div", { class: "buttons" },
      scenarios.map((scenario) => {
        const element = button(t(`sim_${scenario}`), "", run(scenario));
        element.dataset.scenario = scenario;
        return element;
      })));
}
