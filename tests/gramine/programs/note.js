// The note keeper in JavaScript (note.c says what it does).
const fs = require("fs");
const tls = require("tls");

const secret = fs.readFileSync("/run/app/token", "utf8");
if (!secret || secret !== process.env.TOKEN) process.exit(4);
const lines = fs.existsSync("/data/log") ? fs.readFileSync("/data/log", "utf8").split("\n").length - 1 : 0;
const file = fs.openSync("/data/log", "a", 0o600);
fs.writeSync(file, `PLAINTEXT of node ${lines}\n`);
fs.fsyncSync(file);
fs.closeSync(file);
console.log("lines", lines);
if (process.argv[2] === "serve") {
  const options = { cert: fs.readFileSync("/run/app/tls.crt"), key: fs.readFileSync("/run/app/tls.key") };
  const server = tls.createServer(options, connection => {
    connection.on("error", () => {});
    connection.end("hello from node\n");
    server.close();
  });
  server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
}
