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

// What somebody says the picture shows: one click where the first answer is right, else a choice.
function teller(parent, { digest, name, truth, answers }, classes, tell) {
  const row = add(parent, "div", "tell")
  const best = answers[0].bars[0].label
  if (!truth) {
    const right = add(row, "button", "", "✓ right")
    right.type = "button"
    right.dataset.at = `right ${digest}`
    right.title = `It is ${best}`
    right.onclick = () => tell(digest, best)
  }
  const label = add(row, "label", "", truth ? "it is " : "or ")
  const choice = add(label, "select", "")
  choice.dataset.at = `choice ${digest}`
  choice.setAttribute("aria-label", `True class of ${name}`)
  const options = truth && !classes.includes(truth) ? [truth, ...classes] : classes
  for (const [value, label] of [["", truth ? "not known" : "it is …"], ...options.map(each => [each, each])]) {
    const option = add(choice, "option", "", label)
    option.value = value
    option.selected = value === truth
  }
  choice.onchange = () => tell(digest, choice.value)
}

function card(parent, shown, classes, tell) {
  const { source, alt, name, truth, problem, answers } = shown
  const made = add(parent, "article", "card")
  const frame = add(made, "div", "frame")
  if (source) {
    const picture = add(frame, "img", "picture")
    picture.src = source
    picture.alt = alt
  }
  const words = add(made, "div", "words")
  add(words, "div", "name", name).title = name
  if (problem) add(words, "div", "problem", problem)
  const given = add(words, "div", "answers")
  answers.forEach(each => answer(given, each))
  if (answers.length) teller(words, shown, classes, tell)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const cards = parentElement.querySelector(".cards")
  // Cards are made anew; whoever works with the keyboard goes on where they were.
  const at = cards.querySelector(":focus")?.dataset.at
  cards.replaceChildren()
  cards.classList.toggle("wide", data.wide)
  const tell = (digest, name) => setTriggerValue("told", [digest, name])
  data.cards.forEach(each => card(cards, each, data.classes, tell))
  if (at) {
    const again = [at, at.replace("right ", "choice ")].map(name => cards.querySelector(`[data-at="${name}"]`))
    again.find(Boolean)?.focus()
  }
}
