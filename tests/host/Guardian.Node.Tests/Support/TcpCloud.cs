using System.Net;
using System.Net.Sockets;
using Guardian.Node.Tests.Publishing;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Session;

namespace Guardian.Node.Tests.Support;

/// <summary>The troubles of a control plane, as the network shows them.</summary>
public enum NetworkTrouble
{
    /// <summary>Every service answers.</summary>
    None,

    /// <summary>Nothing listens.</summary>
    Refused,

    /// <summary>Connections are made, and requests get no answer.</summary>
    Hangs,

    /// <summary>Keystone alone gives no answer.</summary>
    KeystoneHangs,

    /// <summary>The head of an answer comes and a part of its body, and then nothing.</summary>
    HalfOpen,

    /// <summary>The connection is reset in the middle of an answer.</summary>
    Broken,

    /// <summary>Answers wait until the test lets them go.</summary>
    Slow,

    /// <summary>Keystone does not take the password.</summary>
    PasswordRotated,

    /// <summary>Placement does not take the token.</summary>
    TokenRefused,

    /// <summary>Placement is out of order.</summary>
    PlacementOutOfOrder,

    /// <summary>A proxy answers in place of the services.</summary>
    Page,
}

/// <summary>A pretended Keystone and Placement behind a real port.</summary>
internal sealed class TcpCloud : IDisposable
{
    private readonly HttpMessageInvoker invoker;
    private readonly TaskCompletionSource slow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int port = FindPort();
    private HttpListener? listener;
    private NetworkTrouble trouble;

    public TcpCloud()
    {
        Placement = new PretendedPlacement { Address = $"http://127.0.0.1:{port}/placement" };
        invoker = new HttpMessageInvoker(Placement);
        Listen();
    }

    public PretendedPlacement Placement { get; }

    /// <summary>Keystone's address.</summary>
    public string Address => $"http://127.0.0.1:{port}/identity";

    public NetworkTrouble Trouble
    {
        get => trouble;
        set
        {
            trouble = value;
            if (value == NetworkTrouble.Refused)
            {
                listener?.Close();
                listener = null;
            }
            else if (listener is null)
            {
                Listen();
            }
        }
    }

    /// <summary>Lets the answers go that wait because the cloud is slow.</summary>
    public void ReleaseSlowAnswers() => slow.TrySetResult();

    public CloudSession Connect()
    {
        var settings = new CloudSettings(new Dictionary<string, string>
        {
            ["auth_url"] = Address,
            ["username"] = "u",
            ["password"] = "p",
            ["project_name"] = "p",
        });
        return new CloudSession(settings, TimeProvider.System);
    }

    public void Dispose()
    {
        ReleaseSlowAnswers();
        listener?.Close();
        invoker.Dispose();
    }

    private static int FindPort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void Listen()
    {
        var next = new HttpListener();
        next.Prefixes.Add($"http://127.0.0.1:{port}/");
        next.Start();
        listener = next;
        _ = Task.Run(() => ServeAsync(next));
    }

    private async Task ServeAsync(HttpListener from)
    {
        while (from.IsListening)
        {
            try
            {
                var context = await from.GetContextAsync();
                _ = AnswerAsync(context);
            }
            catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var isKeystone = context.Request.Url!.AbsolutePath.StartsWith("/identity", StringComparison.Ordinal);
            switch (Trouble)
            {
                case NetworkTrouble.Hangs:
                case NetworkTrouble.KeystoneHangs when isKeystone:
                    return;
                case NetworkTrouble.HalfOpen:
                    context.Response.ContentLength64 = 1000;
                    await context.Response.OutputStream.WriteAsync("{"u8.ToArray());
                    await context.Response.OutputStream.FlushAsync();
                    return;
                case NetworkTrouble.Broken:
                    context.Response.ContentLength64 = 1000;
                    await context.Response.OutputStream.WriteAsync("{"u8.ToArray());
                    context.Response.Abort();
                    return;
                case NetworkTrouble.Slow:
                    await slow.Task;
                    break;
                case NetworkTrouble.PasswordRotated when isKeystone:
                case NetworkTrouble.TokenRefused when !isKeystone:
                    End(context, HttpStatusCode.Unauthorized);
                    return;
                case NetworkTrouble.PlacementOutOfOrder when !isKeystone:
                    End(context, HttpStatusCode.ServiceUnavailable);
                    return;
                case NetworkTrouble.Page:
                    await context.Response.OutputStream.WriteAsync("<html>sign in</html>"u8.ToArray());
                    context.Response.Close();
                    return;
                default:
                    break;
            }
            await ForwardAsync(context);
        }
        catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client has given up.
        }
    }

    private async Task ForwardAsync(HttpListenerContext context)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), context.Request.Url);
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        request.Content = new ByteArrayContent(body.ToArray());
        using var answer = await invoker.SendAsync(request, CancellationToken.None);
        context.Response.StatusCode = (int)answer.StatusCode;
        if (answer.Headers.TryGetValues("X-Subject-Token", out var tokens))
        {
            context.Response.AddHeader("X-Subject-Token", tokens.Single());
        }
        await context.Response.OutputStream.WriteAsync(await answer.Content.ReadAsByteArrayAsync());
        context.Response.Close();
    }

    private static void End(HttpListenerContext context, HttpStatusCode status)
    {
        context.Response.StatusCode = (int)status;
        context.Response.Close();
    }
}
