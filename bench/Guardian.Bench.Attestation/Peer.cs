using System.Diagnostics;
using System.Globalization;

namespace Guardian.Bench.Attestation;

/// <summary>Phala's dcap-qvl in node, on the same quote and collateral: its JavaScript build, and its Rust build as WebAssembly.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process node;

    private Peer(Process node) => this.node = node;

    /// <summary>Starts the peer; null, with a note on the console, when it is not installed.</summary>
    public static Peer? Start(Workload workload)
    {
        var folder = Path.GetFullPath(Path.Combine(workload.Folder, "..", "..", "..", "..", "bench", "Guardian.Bench.Attestation", "peer"));
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Console.WriteLine($"no peer: run npm install in {folder}");
            return null;
        }
        return new Peer(Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                Path.Combine(folder, "verify.mjs"), workload.Folder,
                workload.At.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    /// <summary>Measures the time of a verification.</summary>
    /// <param name="build"><c>js</c> or <c>wasm</c>.</param>
    public TimeSpan Measure(string build, TimeSpan time)
    {
        node.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{build} {time.TotalMilliseconds}"));
        var answer = node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the peer failed");
        return TimeSpan.FromMilliseconds(double.Parse(answer, CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        node.StandardInput.Close();
        node.WaitForExit();
        node.Dispose();
    }
}
