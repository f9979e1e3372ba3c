using System.Diagnostics;
using System.Globalization;
using Guardian.Tests;
using Guardian.Wasi.Engine;

namespace Guardian.Bench.Start;

/// <summary>Data through a program's standard input and output: plainly, and encrypted between <c>guardian attach</c> and the
/// enclave.</summary>
internal static class StreamsBench
{
    private const double MostTimesPlain = 3;
    private const int Mebibyte = 1 << 20;

    private static BenchProgram Copier { get; } = new("copy", WasmEngine.Assemble(CopierModule.Text), "stdio: {readers: [CREATOR]}");

    /// <summary>Runs the bench with the programs of <c>dotnet build src/client/Guardian.Cli -c Release</c>.</summary>
    /// <param name="mebibytes">The size of the data.</param>
    /// <returns>0 if the goal is met.</returns>
    public static async Task<int> RunAsync(int mebibytes)
    {
        var managed = Installation.Managed(Environment.CurrentDirectory);
        using var session = await AttestedSession.StartAsync(managed, managed, Copier).ConfigureAwait(false);
        var run = managed.StartRun(session.Attested);
        string[] command = [run.FileName, .. run.ArgumentList];
        var rows = new[]
        {
            ("plain", managed.StartRun(session.Plain)),
            ("encrypted", managed.Start("guardian", ["attach", .. session.Attach, .. command])),
        };
        var times = new List<double>();
        foreach (var (name, start) in rows)
        {
            // The first start compiles the program.
            await MeasureAsync(session, start, 0).ConfigureAwait(false);
            var empty = await MeasureAsync(session, start, 0).ConfigureAwait(false);
            var full = await MeasureAsync(session, start, mebibytes).ConfigureAwait(false);
            times.Add(full - empty);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-10} {mebibytes} MiB there and back {full,6:F2} s, of them the start {empty:F2} s, "
                + $"{mebibytes / (full - empty):F0} MiB/s"));
        }
        var ratio = times[1] / times[0];
        var isMet = ratio <= MostTimesPlain;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{ratio:F2} times plain, at most {MostTimesPlain}: {(isMet ? "met" : "NOT MET")}"));
        return isMet ? 0 : 1;
    }

    private static async Task<double> MeasureAsync(AttestedSession session, ProcessStartInfo start, int mebibytes)
    {
        start.RedirectStandardInput = true;
        var began = Stopwatch.GetTimestamp();
        using var process = session.Launch(start);
        var errors = process.StandardError.ReadToEndAsync();
        var sending = Task.Run(() =>
        {
            var block = new byte[Mebibyte];
            Random.Shared.NextBytes(block);
            for (var i = 0; i < mebibytes; i++)
            {
                process.StandardInput.BaseStream.Write(block);
            }
            process.StandardInput.Close();
        });
        var (received, buffer) = (0L, new byte[Mebibyte]);
        while (await process.StandardOutput.BaseStream.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var count)
        {
            received += count;
        }
        await sending.ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode == 0 && received == (long)mebibytes * Mebibyte
            ? Stopwatch.GetElapsedTime(began).TotalSeconds
            : throw new InvalidOperationException($"{received} bytes came back\n{await errors.ConfigureAwait(false)}");
    }
}
