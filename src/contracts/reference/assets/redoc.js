// Starts ReDoc over the document that the page names.
const host = document.getElementById('redoc')
Redoc.init(host.dataset.url, { nativeScrollbars: true, sortTagsAlphabetically: false, expandResponses: '200,201' }, host)
