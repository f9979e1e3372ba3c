using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Guardian.Bench.CleanRoom;

/// <summary>OpenMined's private set intersection in node: two parties, no trusted hardware, one core.</summary>
internal static class PsiPeer
{
    /// <summary>Measures the computation of the size of an intersection.</summary>
    /// <returns>Milliseconds; null, with a remark, when the peer is not installed.</returns>
    public static double? Run(int rows)
    {
        var folder = FindFolder();
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Console.WriteLine($"  no peer: run npm install --ignore-scripts in {folder}");
            return null;
        }
        using var node = Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(folder, "psi.mjs"), rows.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardOutput = true,
        })!;
        using var result = JsonDocument.Parse(node.StandardOutput.ReadToEnd());
        node.WaitForExit();
        return result.RootElement.GetProperty("milliseconds").GetDouble();
    }

    private static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder.Parent is not null && !File.Exists(Path.Combine(folder.FullName, "Guardian.slnx")))
        {
            folder = folder.Parent;
        }
        return Path.Combine(folder.FullName, "bench", "Guardian.Bench.CleanRoom", "peer");
    }
}
