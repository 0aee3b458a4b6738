// One HTTPS request: node client.js URL CA.pem
const fs = require("fs");
const https = require("https");
https.get(process.argv[2], { ca: fs.readFileSync(process.argv[3]), agent: false }, (response) => {
  console.log(response.statusCode);
  response.resume();
}).on("error", (error) => {
  console.log(`${error.code}: ${error.message}`);
  process.exitCode = 1;
});
