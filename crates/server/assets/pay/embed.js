// Puts a payment into another page: a button that opens it, a modal, or inline.
//   <script src="https://pay.example/embed.js" defer></script>
//   <button data-pepay="PAYMENT_URL">Pay</button>   <div data-pepay-inline="PAYMENT_URL"></div>
// Or Pepay.open(url, handlers) and Pepay.mount(element, url, handlers), handlers being
// { onStatus, onPaid, onClose }. Elements also hear pepay:status, pepay:paid and pepay:close.
// Only messages of the payment's own frame and origin are heard.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  const make = (name, style, more) => {
    const element = Object.assign(document.createElement(name), more);
    Object.assign(element.style, style);
    return element;
  };

  function frame(url, { handlers, target, close }) {
    const address = new URL(url);
    if (address.origin !== origin) throw new Error("Pepay: the payment is of another origin");
    address.searchParams.set("embed", location.origin);
    const style = { border: 0, width: "100%", height: "40rem", display: "block",
      colorScheme: "normal" };
    const element = make("iframe", style, { src: address.href, title: "Payment",
      allow: "clipboard-write", referrerPolicy: "no-referrer" });
    const tell = (type, detail) => {
      handlers?.["on" + type[0].toUpperCase() + type.slice(1)]?.(detail);
      target?.dispatchEvent(new CustomEvent("pepay:" + type, { detail, bubbles: true }));
    };
    const hear = ({ origin: from, source, data }) => {
      if (from !== origin || source !== element.contentWindow || data?.source !== "pepay") return;
      const { type } = data;
      if (type === "resize" && data.height > 0) {
        element.style.height = Math.min(data.height, 4000) + "px";
      } else if (type === "close") {
        close?.();
      } else if (type === "status" || type === "paid") {
        tell(type, data);
      }
    };
    addEventListener("message", hear);
    return { element, tell, stop: () => removeEventListener("message", hear) };
  }

  function mount(element, url, handlers) {
    const made = frame(url, { handlers, target: element });
    element.replaceChildren(made.element);
    return { close: () => (made.stop(), made.element.remove()) };
  }

  // One payment at a time: who opens another gets the one that is open.
  let opened;

  function open(url, handlers, target) {
    if (opened) return opened;
    const dialog = make("dialog", { border: 0, padding: 0, borderRadius: "1rem", width: "30rem",
      maxWidth: "calc(100vw - 1rem)", maxHeight: "none", overflow: "hidden", userSelect: "none" });
    // The payment scrolls inside, so that the button to close it stays in view.
    const box = make("div", { maxHeight: "calc(100vh - 1rem)", overflow: "auto" },
      { tabIndex: 0 });
    const close = () => dialog.close();
    const made = frame(url, { handlers, target, close });
    const button = make("button", { position: "absolute", insetBlockStart: ".5rem",
      insetInlineEnd: ".5rem", width: "2.75rem", height: "2.75rem", border: 0, background: "none",
      color: "#767676", font: "1.5rem/1 sans-serif", cursor: "pointer" },
      { type: "button", textContent: "×", ariaLabel: "Close", onclick: close });
    box.append(made.element);
    dialog.append(box, button);
    dialog.addEventListener("close", () => {
      opened = null;
      made.stop();
      dialog.remove();
      made.tell("close", {});
    });
    document.body.append(dialog);
    dialog.showModal();
    return (opened = { close });
  }

  function start() {
    for (const element of document.querySelectorAll("[data-pepay-inline]")) {
      mount(element, element.dataset.pepayInline);
    }
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("[data-pepay]");
      if (!button) return;
      // In a form the button would send that too.
      event.preventDefault();
      open(button.dataset.pepay, {}, button);
    });
  }

  window.Pepay = { open, mount };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
