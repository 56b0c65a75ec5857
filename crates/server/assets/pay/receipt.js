// The receipt needs a script for one thing only: the button that prints it.
const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => window.print());
