// Pictures as points on a plane: zoom, look at one, open it. Drawn on a plain canvas: ten thousand points take
// some milliseconds there, and no browser lacks it. Names come from users: they are set as text, never as HTML.

const TIP_PIXELS = 128
const REACH = 14
const FARTHEST = 60
const SHAPES = ["circle", "diamond", "square", "triangle", "cross", "star", "ring"]

const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer

function trace(context, shape, x, y, size) {
  const far = size * 1.25
  if (shape === "circle" || shape === "ring") {
    context.moveTo(x + size, y)
    context.arc(x, y, size, 0, 2 * Math.PI)
    if (shape === "ring") {
      context.moveTo(x + size * 0.5, y)
      context.arc(x, y, size * 0.5, 0, 2 * Math.PI, true)
    }
  } else if (shape === "square") {
    context.rect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8)
  } else if (shape === "diamond") {
    context.moveTo(x, y - far); context.lineTo(x + far, y); context.lineTo(x, y + far); context.lineTo(x - far, y); context.closePath()
  } else if (shape === "triangle") {
    context.moveTo(x, y - far); context.lineTo(x + far, y + size); context.lineTo(x - far, y + size); context.closePath()
  } else if (shape === "cross") {
    const arm = size * 0.45
    context.rect(x - far, y - arm, 2 * far, 2 * arm)
    context.rect(x - arm, y - far, 2 * arm, far - arm)
    context.rect(x - arm, y + arm, 2 * arm, far - arm)
  } else {
    for (let point = 0; point < 10; point++) {
      const reach = point % 2 ? size * 0.6 : far * 1.15
      const angle = -Math.PI / 2 + point * Math.PI / 5
      context[point ? "lineTo" : "moveTo"](x + reach * Math.cos(angle), y + reach * Math.sin(angle))
    }
    context.closePath()
  }
}

class PictureMap {
  constructor(root) {
    this.root = root
    const find = name => root.querySelector(name)
    this.points = find(".points"); this.marks = find(".marks"); this.tip = find(".tip"); this.legend = find(".legend")
    this.view = { x: 0.5, y: 0.5, scale: 1 }
    this.only = null
    this.at = -1
    this.fingers = new Map()
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(this.points)
    this.points.onwheel = event => this.wheel(event)
    this.points.onpointerdown = event => this.press(event)
    this.points.onpointermove = event => this.move(event)
    this.points.onpointerup = event => this.release(event)
    this.points.onpointercancel = event => this.release(event)
    this.points.onpointerleave = () => { if (!this.fingers.size) this.show(-1) }
    this.points.ondblclick = () => { this.view = { x: 0.5, y: 0.5, scale: 1 }; this.draw() }
    this.points.onkeydown = event => this.key(event)
  }

  take(data, open) {
    this.open = open
    if (data.revision === this.revision) return
    this.revision = data.revision
    this.data = data
    this.x = new Float32Array(bytes(data.x)); this.y = new Float32Array(bytes(data.y))
    this.labels = new Uint16Array(bytes(data.labels)); this.said = new Int32Array(bytes(data.said))
    this.sure = new Float32Array(bytes(data.sure)); this.pictures = new Int32Array(bytes(data.pictures))
    this.groups = new Uint8Array(bytes(data.groups)); this.places = new Int32Array(bytes(data.places))
    this.span = [this.x, this.y].map(places => {
      let low = Infinity, high = -Infinity
      for (const place of places) { low = Math.min(low, place); high = Math.max(high, place) }
      return Math.max(high - low, 0.05)
    })
    this.sprites = data.sprites.map(sprite => {
      if (!sprite.source) return null
      const image = new Image()
      image.onload = () => this.show(this.at)
      image.src = sprite.source
      return { image, ...sprite }
    })
    if (data.layout !== this.layout) { this.view = { x: 0.5, y: 0.5, scale: 1 }; this.layout = data.layout }
    if (this.only >= data.names.length) this.only = null
    this.at = -1
    this.tip.hidden = true
    this.name()
    this.resize()
  }

  name() {
    const used = [...new Set(this.labels)].sort((a, b) => a - b)
    this.legend.replaceChildren(...used.map(label => {
      const button = document.createElement("button")
      button.type = "button"
      button.setAttribute("aria-pressed", String(this.only === label))
      const sign = document.createElement("canvas")
      sign.width = sign.height = 28
      const context = sign.getContext("2d")
      context.fillStyle = this.color(label)
      context.beginPath(); trace(context, this.shape(label), 14, 14, 9); context.fill()
      const words = document.createElement("span")
      words.textContent = this.data.names[label]
      button.append(sign, words)
      button.onclick = () => { this.only = this.only === label ? null : label; this.name(); this.draw() }
      return button
    }))
  }

  color(label) { return this.data.colors[label % this.data.colors.length] }
  shape(label) { return SHAPES[label % SHAPES.length] }

  resize() {
    const box = this.points.getBoundingClientRect()
    if (!box.width || !this.data) return
    this.density = window.devicePixelRatio || 1
    this.width = box.width; this.height = box.height
    for (const canvas of [this.points, this.marks]) {
      canvas.width = Math.round(box.width * this.density); canvas.height = Math.round(box.height * this.density)
    }
    this.draw()
  }

  // Pixels of one unit. Both axes have the same: a distance means the same in each direction.
  side() { return 0.94 * this.view.scale * Math.min(this.width / this.span[0], this.height / this.span[1]) }

  place(index) {
    const side = this.side()
    return [this.width / 2 + (this.x[index] - this.view.x) * side, this.height / 2 - (this.y[index] - this.view.y) * side]
  }

  draw() {
    if (!this.data || !this.width) return
    const began = performance.now()
    const context = this.points.getContext("2d")
    context.setTransform(this.density, 0, 0, this.density, 0, 0)
    context.clearRect(0, 0, this.width, this.height)
    const few = this.x.length < 1500 ? 4.2 : this.x.length < 5000 ? 3.2 : 2.4
    this.size = few * Math.min(2.2, Math.sqrt(Math.max(1, this.view.scale)))
    const batches = new Map()
    for (let index = 0; index < this.x.length; index++) {
      const quiet = (this.only !== null && this.labels[index] !== this.only) || this.groups[index] === 1
      const key = this.labels[index] * 2 + (quiet ? 0 : 1)
      if (!batches.has(key)) batches.set(key, [])
      batches.get(key).push(index)
    }
    for (const [key, indices] of [...batches].sort((a, b) => a[0] % 2 - b[0] % 2)) {
      const label = key >> 1
      context.globalAlpha = key % 2 ? 0.85 : 0.22
      context.fillStyle = this.color(label)
      context.beginPath()
      for (const index of indices) this.put(context, index, this.shape(label), this.size)
      context.fill()
    }
    this.ring(context)
    this.mark()
    this.root.dataset.drawn = String(this.x.length)
    this.root.dataset.milliseconds = (performance.now() - began).toFixed(1)
  }

  put(context, index, shape, size) {
    const [x, y] = this.place(index)
    if (x < -20 || y < -20 || x > this.width + 20 || y > this.height + 20) return
    trace(context, shape, x, y, size)
  }

  // A ring around what was named wrong, in the colour of the class that was said.
  ring(context) {
    const wrong = new Map()
    for (let index = 0; index < this.x.length; index++) {
      if (this.said[index] < 0 || this.said[index] === this.labels[index]) continue
      if (this.only !== null && this.labels[index] !== this.only && this.said[index] !== this.only) continue
      if (!wrong.has(this.said[index])) wrong.set(this.said[index], [])
      wrong.get(this.said[index]).push(index)
    }
    const many = this.x.length > 1500
    context.globalAlpha = 1
    context.lineWidth = many ? 1.2 : 2
    for (const [said, indices] of wrong) {
      context.strokeStyle = this.color(said)
      context.beginPath()
      for (const index of indices) this.put(context, index, "circle", this.size + (many ? 2 : 3.5))
      context.stroke()
    }
  }

  mark() {
    const context = this.marks.getContext("2d")
    context.setTransform(this.density, 0, 0, this.density, 0, 0)
    context.clearRect(0, 0, this.width, this.height)
    if (this.at < 0) return
    context.strokeStyle = getComputedStyle(this.root).color
    context.lineWidth = 2.5
    context.beginPath()
    this.put(context, this.at, "circle", this.size + 7)
    context.stroke()
  }

  nearest(x, y) {
    let best = -1, least = REACH * REACH
    for (let index = 0; index < this.x.length; index++) {
      if (this.only !== null && this.labels[index] !== this.only && this.said[index] !== this.only) continue
      const [px, py] = this.place(index)
      const distance = (px - x) ** 2 + (py - y) ** 2
      if (distance < least) { least = distance; best = index }
    }
    return best
  }

  show(index) {
    this.at = index
    this.mark()
    this.tip.hidden = index < 0
    if (index < 0) return
    const said = this.said[index], label = this.labels[index]
    this.tip.querySelector(".true").textContent = this.data.names[label]
    const words = said < 0 ? "training picture" : `${said === label ? "right" : `said ${this.data.names[said]}`}, ${Math.round(100 * this.sure[index])} % sure`
    this.tip.querySelector(".said").textContent = words
    this.thumbnail(index)
    const [x, y] = this.place(index)
    const beside = x + 18 + this.tip.offsetWidth > this.width ? x - 18 - this.tip.offsetWidth : x + 18
    this.tip.style.left = `${Math.max(4, beside)}px`
    this.tip.style.top = `${Math.max(4, Math.min(y - 20, this.height - this.tip.offsetHeight - 4))}px`
  }

  thumbnail(index) {
    const canvas = this.tip.querySelector("canvas"), context = canvas.getContext("2d")
    context.clearRect(0, 0, TIP_PIXELS, TIP_PIXELS)
    const sprite = this.sprites[this.groups[index]]
    if (!sprite || !sprite.image.complete) return
    const side = sprite.image.naturalWidth / sprite.columns, place = this.places[index]
    context.drawImage(sprite.image, (place % sprite.columns) * side, Math.floor(place / sprite.columns) * side, side, side, 0, 0, TIP_PIXELS, TIP_PIXELS)
  }

  spot(event) {
    const box = this.points.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  zoom(factor, [x, y]) {
    const side = () => this.side()
    const before = [(x - this.width / 2) / side(), (y - this.height / 2) / side()]
    this.view.scale = Math.min(FARTHEST, Math.max(0.5, this.view.scale * factor))
    this.view.x += before[0] - (x - this.width / 2) / side()
    this.view.y -= before[1] - (y - this.height / 2) / side()
    this.later()
  }

  later() {
    if (this.waiting) return
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw() })
  }

  wheel(event) {
    event.preventDefault()
    this.zoom(Math.exp(-event.deltaY * 0.0016), this.spot(event))
  }

  press(event) {
    this.points.setPointerCapture(event.pointerId)
    this.fingers.set(event.pointerId, this.spot(event))
    this.moved = 0
    this.apart = 0
  }

  move(event) {
    const spot = this.spot(event), last = this.fingers.get(event.pointerId)
    if (!last) { this.show(this.nearest(...spot)); return }
    this.fingers.set(event.pointerId, spot)
    this.moved += Math.abs(spot[0] - last[0]) + Math.abs(spot[1] - last[1])
    if (this.fingers.size === 2) {
      const [first, second] = [...this.fingers.values()]
      const apart = Math.hypot(first[0] - second[0], first[1] - second[1])
      if (this.apart) this.zoom(apart / this.apart, [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2])
      this.apart = apart
      return
    }
    if (this.moved < 5) return
    const side = this.side()
    this.view.x -= (spot[0] - last[0]) / side
    this.view.y += (spot[1] - last[1]) / side
    this.tip.hidden = true
    this.later()
  }

  release(event) {
    const was = this.fingers.delete(event.pointerId)
    if (!was || event.type === "pointercancel" || this.moved >= 5 || this.fingers.size) return
    const index = this.nearest(...this.spot(event))
    // A finger cannot hover: its first tap shows the picture, the second opens it.
    const known = event.pointerType === "mouse" || index === this.at
    this.show(index)
    if (index >= 0 && known) this.open(this.pictures[index])
  }

  key(event) {
    const by = { "+": 1.25, "-": 0.8 }[event.key]
    if (by) { this.zoom(by, [this.width / 2, this.height / 2]); return }
    if (event.key === "Enter" && this.at >= 0) { this.open(this.pictures[this.at]); return }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    this.show((this.at + step + this.x.length) % this.x.length)
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".picture-map")
  root.made ??= new PictureMap(root)
  root.made.take(data, picture => setTriggerValue("open", picture))
}
