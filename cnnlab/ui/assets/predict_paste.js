// A picture that is pasted anywhere on the page goes the way of every other: into the uploader, where it
// is listed and can be taken out again.

const HINT = "Or paste one: Ctrl V, or ⌘ V"
const NOTHING = "The clipboard holds no picture. Copy one first, then paste it."
let listening = null

function named(file) {
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-")
  const ending = file.type.split("/")[1].replace("jpeg", "jpg")
  return new File([file], `pasted ${time}.${ending}`, { type: file.type })
}

export default function ({ data, parentElement }) {
  const line = parentElement.querySelector(".paste")
  line.textContent = HINT
  const take = event => {
    const input = document.querySelector(`.st-key-${data.uploader} input[type=file]`)
    if (!input) return
    const files = [...(event.clipboardData?.files ?? [])].filter(file => file.type.startsWith("image/"))
    if (!files.length) {
      // Text that is pasted into a field is none of ours.
      if (!event.composedPath()[0].matches?.("input, textarea, [contenteditable]")) line.textContent = NOTHING
      return
    }
    event.preventDefault()
    const given = new DataTransfer()
    files.forEach(file => given.items.add(named(file)))
    input.files = given.files
    input.dispatchEvent(new Event("change", { bubbles: true }))
    line.textContent = HINT
  }
  if (listening) document.removeEventListener("paste", listening)
  listening = take
  document.addEventListener("paste", take)
  return () => document.removeEventListener("paste", take)
}
