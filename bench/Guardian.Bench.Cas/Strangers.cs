using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Identity;

namespace Guardian.Bench.Cas;

/// <summary>
/// Strangers with keys of their own, from eight addresses: floods of RSA keys whose callers hang up, bodies that trickle, connections that
/// ask for nothing, large YAML with thousands of unknown names, and sessions without end.
/// </summary>
internal sealed class Strangers(Uri cas)
{
    private const int Addresses = 8;

    // Each attack of an address begins again so long after its end.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, int> answers = new();
    private int sessions;

    private async Task AttackAsync(CancellationToken cancellation)
    {
        var attacks = new Func<IPAddress, X509Certificate2, CancellationToken, Task>[]
        {
            FloodAsync, TrickleAsync, IdleAsync, LargeAsync, CreateAsync,
        };
        await Task.WhenAll(Enumerable.Range(2, Addresses).SelectMany(address => attacks.Select(attack =>
            RepeatAsync(IPAddress.Parse($"127.0.0.{address}"), attack, cancellation)))).ConfigureAwait(false);
    }

    /// <summary>Attacks between the lines 'begin' and 'end' of standard input. At its end, writes the answers of the CAS as JSON.</summary>
    public static async Task RunAsync(Uri cas)
    {
        var strangers = new Strangers(cas);
        while (await Console.In.ReadLineAsync().ConfigureAwait(false) is not null)
        {
            using var end = new CancellationTokenSource();
            var attack = strangers.AttackAsync(end.Token);
            await Console.In.ReadLineAsync().ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await attack.ConfigureAwait(false);
            Console.WriteLine("ended");
        }
        Console.WriteLine(JsonSerializer.Serialize(strangers.answers));
    }

    private static async Task RepeatAsync(
        IPAddress from, Func<IPAddress, X509Certificate2, CancellationToken, Task> attack, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            using var key = IdentityKey.Create();
            using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
            try
            {
                await attack(from, certificate, cancellation).ConfigureAwait(false);
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException
                or OperationCanceledException)
            {
                // The CAS closed the connection, or the attack is over.
            }
        }
    }

    // As many RSA keys as one session may have; the caller hangs up at once, every other time.
    private async Task FloodAsync(IPAddress from, X509Certificate2 certificate, CancellationToken cancellation)
    {
        var keys = string.Concat(Enumerable.Range(0, 16).Select(i => $"  - {{name: k{i}, kind: private-key, key_type: RSA-3072}}\n"));
        using var stream = await OpenAsync(from, certificate, cancellation).ConfigureAwait(false);
        await SendAsync(stream, $"name: {NewName()}\naccess_policy: {{}}\nsecrets:\n{keys}", cancellation).ConfigureAwait(false);
        if (Random.Shared.Next(2) == 0)
        {
            await CountAsync("flood", stream, cancellation).ConfigureAwait(false);
        }
    }

    private async Task TrickleAsync(IPAddress from, X509Certificate2 certificate, CancellationToken cancellation)
    {
        using var stream = await OpenAsync(from, certificate, cancellation).ConfigureAwait(false);
        await stream.WriteAsync(Head(1_000_000), cancellation).ConfigureAwait(false);
        for (var i = 0; i < 100; i++)
        {
            await stream.WriteAsync("# a comment that never ends\n"u8.ToArray(), cancellation).ConfigureAwait(false);
            await Task.Delay(100, cancellation).ConfigureAwait(false);
        }
    }

    // More and more places of its address.
    private async Task IdleAsync(IPAddress from, X509Certificate2 certificate, CancellationToken cancellation)
    {
        var streams = new List<SslStream>();
        try
        {
            while (streams.Count < 60)
            {
                streams.Add(await OpenAsync(from, certificate, cancellation).ConfigureAwait(false));
                await Task.Delay(200, cancellation).ConfigureAwait(false);
            }
            await Task.Delay(TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
        }
        finally
        {
            streams.ForEach(stream => stream.Dispose());
        }
    }

    private async Task LargeAsync(IPAddress from, X509Certificate2 certificate, CancellationToken cancellation)
    {
        var names = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"unknown{i}: 1\n"));
        using var stream = await OpenAsync(from, certificate, cancellation).ConfigureAwait(false);
        await SendAsync(stream, names, cancellation).ConfigureAwait(false);
        await CountAsync("large YAML", stream, cancellation).ConfigureAwait(false);
    }

    private async Task CreateAsync(IPAddress from, X509Certificate2 certificate, CancellationToken cancellation)
    {
        using var stream = await OpenAsync(from, certificate, cancellation).ConfigureAwait(false);
        for (var i = 0; i < 50; i++)
        {
            await SendAsync(stream, $"name: {NewName()}\naccess_policy: {{}}\n", cancellation).ConfigureAwait(false);
            await CountAsync("create", stream, cancellation).ConfigureAwait(false);
        }
    }

    // Strangers verify nothing.
    private async Task<SslStream> OpenAsync(IPAddress from, X509Certificate2 certificate, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(cas.Host, cas.Port, cancellation).ConfigureAwait(false);
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "cas",
                    ClientCertificates = [certificate],
#pragma warning disable CA5359 // an attacker verifies nothing
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
                },
                cancellation).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"junk-{Interlocked.Increment(ref sessions)}");

    private static byte[] Head(int size) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"POST /v1/sessions HTTP/1.1\r\nHost: cas\r\nContent-Length: {size}\r\n\r\n"));

    private static async Task SendAsync(SslStream stream, string session, CancellationToken cancellation)
    {
        var body = Encoding.UTF8.GetBytes(session);
        await stream.WriteAsync(Head(body.Length), cancellation).ConfigureAwait(false);
        await stream.WriteAsync(body, cancellation).ConfigureAwait(false);
    }

    private async Task CountAsync(string attack, SslStream stream, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        var size = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        var answer = size > 12 ? Encoding.ASCII.GetString(buffer, 9, 3) : "closed";
        answers.AddOrUpdate($"{attack}: {answer}", 1, (_, count) => count + 1);
    }
}
