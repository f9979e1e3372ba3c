using System.Diagnostics;
using System.Text.Json;

namespace Guardian.Bench.Cas;

/// <summary>
/// <see cref="Strangers"/> in a process of low priority: those of a real attack have processors of their own, so their handshakes must not
/// take the time of the CAS and its enclaves.
/// </summary>
internal sealed class StrangersProcess : IDisposable
{
    private readonly Process process;

    public StrangersProcess(Uri cas) => process = Process.Start(
        new ProcessStartInfo("nice", ["-n", "10", "dotnet", typeof(StrangersProcess).Assembly.Location, "strangers", $"{cas}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

    public void Begin() => process.StandardInput.WriteLine("begin");

    /// <summary>Ends the attack, and waits until the strangers are gone.</summary>
    public void End()
    {
        process.StandardInput.WriteLine("end");
        process.StandardOutput.ReadLine();
    }

    /// <summary>Ends the process, and returns how often the CAS gave each answer.</summary>
    public SortedDictionary<string, int> ReadAnswers()
    {
        process.StandardInput.Close();
        return JsonSerializer.Deserialize<SortedDictionary<string, int>>(process.StandardOutput.ReadToEnd())!;
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
