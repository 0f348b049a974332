// Starts Swagger UI over the documents that the page names. No validator badge: it would send them to another host.
const host = document.getElementById('swagger')
window.ui = SwaggerUIBundle({
  urls: JSON.parse(host.dataset.urls),
  domNode: host,
  deepLinking: true,
  displayOperationId: true,
  docExpansion: 'none',
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
})
