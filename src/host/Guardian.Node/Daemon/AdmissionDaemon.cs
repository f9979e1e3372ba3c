using System.Net;
using System.Net.Sockets;
using Guardian.Files.Native;
using Guardian.Node.Admission;
using Guardian.Refusals;

namespace Guardian.Node.Daemon;

/// <summary>The process of the role <c>guardian-node admission</c>: completes pods before the API server stores them.</summary>
internal static class AdmissionDaemon
{
    private const int Usage = 2;
    private const int World = 3;

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    /// <param name="words">The words after <c>admission</c>.</param>
    /// <param name="log">Receives a line for each event.</param>
    /// <param name="fail">Reports an exit code, a message and details.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> words, Action<string> log, Func<int, string, string[], int> fail)
    {
        if (AdmissionSettings.Read(words, out var problem) is not { } settings)
        {
            return fail(Usage, problem!, [AdmissionSettings.Usage]);
        }
        using var signals = new EndingSignals();
        try
        {
            return ServeAsync(settings, log, signals.Token).GetAwaiter().GetResult();
        }
        catch (RefusedException failure)
        {
            return fail(World, failure.Message, failure.Refusal.Remedy is { } remedy ? [remedy] : []);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SocketException)
        {
            return fail(World, failure.Message, []);
        }
    }

    private static async Task<int> ServeAsync(AdmissionSettings settings, Action<string> log, CancellationToken stopping)
    {
        var address = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        var server = AdmissionEndpoint.Create(new IPEndPoint(address, settings.Port), settings, log);
        await using var serving = server.ConfigureAwait(false);
        await server.StartAsync(stopping).ConfigureAwait(false);
        log($"completing pods of the RuntimeClass '{settings.RuntimeClass}' on port {settings.Port}");
        await Task.Delay(Timeout.InfiniteTimeSpan, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
}
