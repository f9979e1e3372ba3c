// Conveniences; every page works without them.
"use strict";

// Checks a text while it is typed: the form's own address answers with the result as HTML, in an element that this page has.
for (const area of document.querySelectorAll("textarea[data-check]")) {
  const output = document.getElementById(area.dataset.check);
  let waiting = 0, latest = 0;
  const check = async () => {
    const mine = ++latest, body = new FormData(area.form);
    try {
      const response = await fetch(area.dataset.address, { method: "POST", body });
      const text = await response.text();
      const found = new DOMParser().parseFromString(text, "text/html").getElementById(area.dataset.check);
      if (mine === latest && found) output.replaceChildren(...found.childNodes);
    } catch { /* The button of the form checks too. */ }
  };
  area.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(check, 400); });
}

// Files dropped anywhere on a zone go into its input.
for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input[type=file]");
  zone.addEventListener("dragover", event => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", event => {
    event.preventDefault();
    zone.classList.remove("over");
    input.files = event.dataTransfer.files;
    input.form.requestSubmit();
  });
}

// A chart as a picture: the rules of the style sheet are written into a copy, which the browser draws.
const drawn = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font", "font-size", "font-family", "text-anchor"];
for (const chart of document.querySelectorAll(".report figure")) {
  const picture = chart.querySelector("svg");
  if (!picture) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet no-print";
  button.textContent = "Save as PNG";
  button.addEventListener("click", () => {
    const copy = picture.cloneNode(true), box = picture.viewBox.baseVal, scale = 2;
    const [from, to] = [picture, copy].map(each => [each, ...each.querySelectorAll("*")]);
    from.forEach((element, index) => {
      const style = getComputedStyle(element);
      drawn.forEach(name => to[index].setAttribute(name, style.getPropertyValue(name)));
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", box.width * scale);
    copy.setAttribute("height", box.height * scale);
    const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [box.width * scale, box.height * scale];
      const paint = canvas.getContext("2d");
      paint.fillStyle = getComputedStyle(document.body).backgroundColor;
      paint.fillRect(0, 0, canvas.width, canvas.height);
      paint.drawImage(image, 0, 0);
      URL.revokeObjectURL(address);
      const link = document.createElement("a");
      link.download = "guardian-chart.png";
      link.href = canvas.toDataURL("image/png");
      link.click();
    };
    image.src = address;
  });
  chart.append(button);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
