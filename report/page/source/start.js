// Starts the page.

readData().then((raw) => {
  document.querySelector("main").hidden = false;
  new Page(makeModel(raw));
}).catch((error) => {
  byId("problem").hidden = false;
  byId("problem").textContent = "This browser cannot show the page: " + error.message;
});
