using Guardian.Attestation.Collateral;
using Guardian.Attestation.Launch;
using Guardian.ComputeHost.Quoting;
using Guardian.Files.Native;
using Guardian.Node.Quoting;
using Guardian.Node.Words;

namespace Guardian.Node.Daemon;

/// <summary>The process of the role <c>guardian-node quoting</c>: quotes for guests over vsock.</summary>
internal static class QuotingDaemon
{
    /// <summary>How the role is called.</summary>
    public const string Usage =
        "guardian-node quoting --listen vsock:PORT|unix:PATH [--collateral FOLDER] [--simulated-machine FOLDER]";

    private const int UsageCode = 2;
    private const int World = 3;

    private static readonly string[] Options = ["--listen", "--collateral", "--simulated-machine"];

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    /// <param name="words">The words after <c>quoting</c>.</param>
    /// <param name="log">Receives a line for each event.</param>
    /// <param name="fail">Reports an exit code, a message and details.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> words, Action<string> log, Func<int, string, string[], int> fail)
    {
        if (RoleWords.TryRead(words, Options, out var problem) is not { } values)
        {
            return fail(UsageCode, problem!, [Usage]);
        }
        if (QuotingAddress.TryParse(values.GetValueOrDefault("--listen")) is not { } address)
        {
            return fail(UsageCode, "--listen needs an address", [Usage]);
        }
        if (values.ContainsKey("--simulated-machine") && BuiltPlatforms.Support.SimulateQuoting is null)
        {
            return fail(UsageCode, "this build has no simulation", ["leave out --simulated-machine"]);
        }
        try
        {
            using var platform = values.TryGetValue("--simulated-machine", out var machine)
                ? BuiltPlatforms.Support.SimulateQuoting!(machine)
                : null;
            var collateral = values.TryGetValue("--collateral", out var folder) ? new CollateralStore(folder) : null;
            Serve(address, platform, collateral, log);
            return 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return fail(World, failure.Message, []);
        }
    }

    private static void Serve(QuotingAddress address, IQuotingService? platform, CollateralStore? collateral, Action<string> log)
    {
        using var signals = new EndingSignals();
        using var listener = QuotingListener.Open(address);
        var guests = new LogBudget(log, TimeProvider.System);
        var server = new QuotingServer(listener, new QuotingService(platform, collateral, guests.Write), guests.Write);
        new Thread(() => server.Run(signals.Token)) { IsBackground = true, Name = "quoting" }.Start();
        log($"quoting on {address}: {(platform is null
            ? "collateral alone, since Intel's own service makes quotes of hardware"
            : "quotes of the simulated platform, which protect nothing")}");
        signals.Token.WaitHandle.WaitOne();
    }
}
