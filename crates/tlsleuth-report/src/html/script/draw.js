// Making elements: the tag and the attributes are ours, what may come from input is only text.
const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children.flat(3).filter((child) => child !== null && child !== ""));
  return element;
};
const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const pen = document.createElement("canvas").getContext("2d");
const measure = (words, font) => {
  pen.font = font;
  return pen.measureText(words).width;
};

// The text in lines of at most so many pixels, broken at spaces; a longer word is broken within.
const wrap = (words, room, font, most = 8) => {
  const lines = [];
  let line = "";
  for (let word of words.split(" ")) {
    const joined = line ? `${line} ${word}` : word;
    if (measure(joined, font) <= room) {
      line = joined;
      continue;
    }
    if (line) lines.push(line);
    while (word.length > 1 && measure(word, font) > room) {
      let end = Math.max(1, Math.floor((word.length * room) / measure(word, font)));
      while (end > 1 && measure(word.slice(0, end), font) > room) end -= 1;
      lines.push(word.slice(0, end));
      word = word.slice(end);
    }
    line = word;
  }
  if (line) lines.push(line);
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1]} …`];
};
