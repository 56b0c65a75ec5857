// What the payor tells: answers to the merchant's questions, and an address for the receipt.

import * as api from "./api.js";
import { busy, button, h, notice } from "./dom.js";
import { t } from "./words.js";

const ANSWER_MAX = 1000;
const EMAIL_MAX = 255;

function form(submit, ...inside) {
  const send = inside.at(-1);
  return h("form", { onsubmit: (event) => {
    event.preventDefault();
    const pressed = send.matches?.("button") ? send : event.target.querySelector("[type=submit]");
    busy(pressed, () => submit(event.target));
  } }, ...inside);
}

/** The questions before the payment; those that need no answer can be skipped. */
export function questionsForm(questions, merchant, { done, skip }) {
  const mayskip = questions.every(({ validation }) => !validation?.required);
  const fields = questions.map(({ id, question, type, validation }, at) => {
    const isRequired = Boolean(validation?.required);
    const step = type === "number" ? "any" : undefined;
    return h("label", { for: `question-${at}` },
      h("span", {}, question,
        isRequired ? h("span", { class: "soft" }, ` (${t("required")})`) : null),
      h("input", { id: `question-${at}`, name: id, type, step, required: isRequired,
        maxlength: ANSWER_MAX, autocomplete: type === "email" || type === "tel" ? type : "off" }));
  });
  const submit = async (element) => {
    const responses = [...element.elements]
      .filter((field) => field.name && (field.value.trim() || field.required))
      .map((field) => ({ question_id: field.name, response: field.value }));
    if (responses.length) await api.answer(responses);
    done();
  };
  return [
    h("h2", { tabindex: "-1" }, t("questions_title", { merchant })),
    form(submit, ...fields,
      mayskip ? button(t("skip"), "plain", async () => skip()) : null,
      h("button", { type: "submit", class: "primary wide" }, t("continue"))),
  ];
}

/** An e-mail address for the receipt, given once or changed. */
export function emailForm(given, saved) {
  if (given) return h("p", { class: "soft" }, t("email_saved", { email: given }));
  const field = h("input", { id: "email", name: "email", type: "email", required: true,
    maxlength: EMAIL_MAX, autocomplete: "email", "data-key": "email" });
  const submit = async () => {
    const { email } = await api.setEmail(field.value.trim());
    notice(t("saved"));
    saved(email);
  };
  return h("details", {}, h("summary", {}, t("email_title")),
    form(submit, h("div", { class: "line" },
      h("label", { for: "email" }, t("email_label"), field),
      h("button", { type: "submit" }, t("save")))));
}

/** Asks the server to look at the chain again. */
export function lookAgain(invoice, network, due) {
  return button(t("not_seen"), "plain", async () => {
    await api.look(invoice, network);
    notice(t("looking"));
    due();
  });
}
