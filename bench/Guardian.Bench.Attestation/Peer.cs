using System.Diagnostics;
using System.Globalization;

namespace Guardian.Bench.Attestation;

/// <summary>One build of Phala's dcap-qvl in a process of its own, on the same quote and collateral.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process process;
    private readonly string build;

    private Peer(string build, Workload workload, string program, params IEnumerable<string> arguments)
    {
        this.build = build;
        var at = workload.At.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        process = Process.Start(new ProcessStartInfo(program, [.. arguments, workload.Folder, at])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Whether the peer is compiled for this processor.</summary>
    public bool IsNative => build == "native";

    /// <summary>The name of the peer's row.</summary>
    public string Name => $"dcap-qvl, {build}{(IsNative ? "" : ", in node")}";

    /// <summary>Starts the peers that are installed, and notes on the console how to install the others.</summary>
    public static List<Peer> StartAll(Workload workload)
    {
        var peers = new List<Peer>();
        var folder = Path.GetFullPath(Path.Combine(workload.Folder, "..", "..", "..", "..", "bench", "Guardian.Bench.Attestation", "peer"));
        if (Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            var script = Path.Combine(folder, "verify.mjs");
            peers.AddRange([new Peer("js", workload, "node", script), new Peer("wasm", workload, "node", script)]);
        }
        else
        {
            Console.WriteLine($"no peer in node: run npm install in {folder}");
        }
        var native = Path.Combine(folder, "native");
        var program = Path.Combine(native, "target", "release", "peer");
        if (File.Exists(program))
        {
            peers.Add(new Peer("native", workload, program));
        }
        else
        {
            Console.WriteLine($"no native peer: run cargo build --release in {native}");
        }
        return peers;
    }

    /// <summary>Measures the processor time of a verification.</summary>
    public TimeSpan Measure(TimeSpan time)
    {
        process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{build} {time.TotalMilliseconds}"));
        var answer = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the peer failed");
        return TimeSpan.FromMilliseconds(double.Parse(answer, CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
