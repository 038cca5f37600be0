// The drawing of a network. Python writes it as SVG; here it is put into the page as a parsed document,
// never as HTML, and scrolled to the selected block. A click says which block was meant.

const shown = new WeakMap()

function scrollTo(frame, selected) {
  const box = frame.querySelector(`[data-key="${Number(selected)}"] > rect`)
  if (!box) return
  const outside = frame.getBoundingClientRect(), inside = box.getBoundingClientRect()
  const before = inside.left - outside.left, behind = inside.right - outside.right
  // Only this frame moves: scrollIntoView would move the page as well.
  if (before < 0 || behind > 0) frame.scrollLeft += before - (outside.width - inside.width) / 2
}

export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".drawing")
  const last = shown.get(frame)
  if (last?.svg !== data.svg) {
    const drawing = new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement
    drawing.style.minWidth = `${data.smallest * Number(drawing.getAttribute("width"))}px`
    frame.replaceChildren(document.importNode(drawing, true))
  }
  if (data.selected !== null && last?.selected !== data.selected) scrollTo(frame, data.selected)
  shown.set(frame, data)
  frame.classList.toggle("chooses", data.chooses)
  frame.onclick = event => {
    const box = event.target.closest("[data-key]")
    if (data.chooses && box) setTriggerValue("select", Number(box.dataset.key))
  }
}
