// A folder that is dropped keeps its folders. Measured with Streamlit 1.67: its uploader names a file by
// `webkitRelativePath`, which browsers fill only for a folder that was chosen in a dialog. What reads a
// dropped folder notes each file's place in `relativePath`, with a slash before it: that is told instead.

const given = Object.getOwnPropertyDescriptor(File.prototype, "webkitRelativePath")

function place() {
  const noted = this.relativePath
  return given.get.call(this) || (typeof noted === "string" && noted.startsWith("/") ? noted.slice(1) : "")
}

if (given.get.name !== place.name) {
  Object.defineProperty(File.prototype, "webkitRelativePath", { ...given, get: place })
}

export default function ({ data, parentElement }) {
  parentElement.querySelector(".dropped-folder").textContent = data.sentence
}
