// The page reads without this. It adds: finding an operation, opening what a link points to, and copying a command.
const search = document.querySelector('.search')
const filter = document.getElementById('filter')
const operations = [...document.querySelectorAll('.operation')]
const nothing = document.querySelector('.nothing')

search.hidden = false

function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean)
  let found = 0
  for (const operation of operations) {
    const fits = words.every((word) => operation.dataset.words.includes(word))
    operation.hidden = !fits
    if (fits) found++
  }
  for (const section of document.querySelectorAll('.resource, .chapter')) {
    section.hidden = words.length > 0 && !section.querySelector('.operation:not([hidden])')
  }
  document.body.classList.toggle('filtering', words.length > 0)
  nothing.hidden = found > 0
}
filter.addEventListener('input', applyFilter)

document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLInputElement
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    filter.focus()
  }
  if (event.key === 'Escape' && event.target === filter) {
    filter.value = ''
    applyFilter()
    filter.blur()
  }
})

function openTarget() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null
  if (!target) return
  if (filter.value) {
    filter.value = ''
    applyFilter()
  }
  if (target instanceof HTMLDetailsElement) target.open = true
  target.scrollIntoView()
}
addEventListener('hashchange', openTarget)
openTarget()

for (const button of document.querySelectorAll('.copy')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const text = button.previousElementSibling.textContent
    const copied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    button.textContent = copied ? 'Copied' : 'Select and copy'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 1500)
  })
}

// On a phone the contents would fill the screen before anything is said.
const contents = document.querySelector('.side > details')
if (matchMedia('(max-width: 60rem)').matches) contents.open = false
for (const link of contents.querySelectorAll('a')) {
  link.addEventListener('click', () => {
    if (matchMedia('(max-width: 60rem)').matches) contents.open = false
  })
}
