using System.Net;

namespace Guardian.Cli.Tests.Support;

/// <summary>Answers HTTP requests on loopback, one after the other.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly Func<HttpListenerContext, Task> answer;

    /// <param name="answer">Fills the response in; it is sent when this returns.</param>
    public LoopbackServer(Func<HttpListenerContext, Task> answer)
    {
        this.answer = answer;
        Address = $"http://127.0.0.1:{ReservedPort.Reserve()}/";
        listener.Prefixes.Add(Address);
        listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                await answer(context);
                context.Response.Close();
            }
        }
        catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
