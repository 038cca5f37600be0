// One card a picture: the picture, and what each model says about it, as bars. All text is set as text,
// never as HTML: file names and class names come from users; the pictures are JPEGs that cnnlab made.

function add(parent, tag, name, text = "") {
  const made = document.createElement(tag)
  made.className = name
  made.textContent = text
  parent.appendChild(made)
  return made
}

function bar(parent, { label, share, percent, truth }) {
  const row = add(parent, "div", truth ? "bar truth" : "bar")
  add(row, "span", "label", label)
  add(row, "span", "percent", percent)
  add(add(row, "span", "track"), "span", "fill").style.width = `${100 * share}%`
}

function answer(parent, { run, time, verdict, right, bars }) {
  const made = add(parent, "div", "answer")
  const head = add(made, "div", "head")
  if (run) add(head, "span", "run", run)
  if (verdict) add(head, "span", right ? "verdict right" : "verdict wrong", `${right ? "✓" : "✗"} ${verdict}`)
  add(head, "span", "time", time)
  bars.forEach(each => bar(made, each))
}

function card(parent, { source, alt, name, truth, problem, answers }) {
  const made = add(parent, "article", "card")
  const frame = add(made, "div", "frame")
  if (source) {
    const picture = add(frame, "img", "picture")
    picture.src = source
    picture.alt = alt
  }
  const words = add(made, "div", "words")
  add(words, "div", "name", name).title = name
  if (truth) add(words, "div", "known", `true class: ${truth}`)
  if (problem) add(words, "div", "problem", problem)
  const given = add(words, "div", "answers")
  answers.forEach(each => answer(given, each))
}

export default function ({ data, parentElement }) {
  const cards = parentElement.querySelector(".cards")
  cards.replaceChildren()
  cards.classList.toggle("wide", data.wide)
  data.cards.forEach(each => card(cards, each))
}
