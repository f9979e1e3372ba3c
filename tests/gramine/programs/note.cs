// The note keeper in C# (note.c says what it does).
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

var secret = File.ReadAllText("/run/app/token");
if (secret.Length == 0 || secret != Environment.GetEnvironmentVariable("TOKEN"))
{
    return 4;
}
var lines = File.Exists("/data/log") ? File.ReadAllLines("/data/log").Length : 0;
await Task.Run(() =>
{
    using var file = new FileStream("/data/log", FileMode.Append);
    file.Write(System.Text.Encoding.ASCII.GetBytes($"PLAINTEXT of csharp {lines}\n"));
    file.Flush(flushToDisk: true);
});
Console.WriteLine($"lines {lines}");
if (args is ["serve"])
{
    using var certificate = X509Certificate2.CreateFromPemFile("/run/app/tls.crt", "/run/app/tls.key");
    using var listener = new TcpListener(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!));
    listener.Start();
    Console.WriteLine("listening");
    using var connection = await listener.AcceptTcpClientAsync();
    using var tls = new SslStream(connection.GetStream());
    await tls.AuthenticateAsServerAsync(certificate);
    await tls.WriteAsync("hello from csharp\n"u8.ToArray());
    await tls.ShutdownAsync();
}
return 0;
