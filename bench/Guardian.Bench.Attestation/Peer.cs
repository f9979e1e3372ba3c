using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Guardian.Bench.Attestation;

/// <summary>Phala's dcap-qvl in node, on the same quote and collateral: its JavaScript build, and its Rust build as WebAssembly.</summary>
internal static class Peer
{
    /// <summary>Verifications per second of each build; null, with a remark, when the peer is not installed.</summary>
    public static async Task<Dictionary<string, double>?> RunAsync(Workload workload, TimeSpan duration)
    {
        var folder = Path.Combine(workload.Folder, "..", "..", "..", "..", "bench", "Guardian.Bench.Attestation", "peer");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Console.WriteLine($"  no peer: run npm install in {Path.GetFullPath(folder)}");
            return null;
        }
        using var node = Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                Path.Combine(folder, "verify.mjs"), workload.Folder, workload.At.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                duration.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            },
            RedirectStandardOutput = true,
        })!;
        var output = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        using var results = JsonDocument.Parse(output);
        foreach (var problem in results.RootElement.EnumerateObject().Where(result => result.Value.ValueKind == JsonValueKind.String))
        {
            Console.WriteLine($"  {problem.Name}: {problem.Value}");
        }
        return results.RootElement.EnumerateObject().Where(result => result.Value.ValueKind == JsonValueKind.Number).ToDictionary(result => result.Name, result => result.Value.GetDouble());
    }
}
