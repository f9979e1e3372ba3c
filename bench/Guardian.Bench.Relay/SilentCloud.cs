using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Guardian.Bench.Relay;

/// <summary>A Keystone and a Placement without claims, which can stop to answer.</summary>
internal sealed class SilentCloud : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly int port = FindPort();

    public SilentCloud()
    {
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        _ = Task.Run(ServeAsync);
    }

    /// <summary>Keystone's address.</summary>
    public string Address => $"http://127.0.0.1:{port}/identity";

    /// <summary>Whether requests get no answer.</summary>
    public bool IsSilent { get; set; }

    public void Dispose() => listener.Close();

    private static int FindPort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                if (!IsSilent)
                {
                    await AnswerAsync(context);
                }
            }
            catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException or IOException)
            {
                // The daemon gave up, or the bench ends.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        var (status, body) = path switch
        {
            _ when path.EndsWith("/auth/tokens", StringComparison.Ordinal) => (201, $$"""
                {"token": {"expires_at": "2999-01-01T00:00:00Z", "catalog": [{"type": "placement",
                 "endpoints": [{"interface": "public", "url": "http://127.0.0.1:{{port}}/placement"}]}] } }
                """),
            _ when path.StartsWith("/placement/allocations/", StringComparison.Ordinal) => (200, """{"allocations": {}}"""),
            _ => (200, """{"resource_providers": []}"""),
        };
        context.Response.StatusCode = status;
        context.Response.AddHeader("X-Subject-Token", "token");
        var bytes = Encoding.UTF8.GetBytes(body);
        // Without a length the answer has three pieces, and the second one waits 40 ms for the peer's acknowledgement of the first.
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
