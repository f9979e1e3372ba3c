namespace Guardian.House.Tests;

/// <summary>The floors of each project: its folders from the lowest to the highest. A folder uses only folders to its left.</summary>
internal static class FloorTable
{
    private static readonly Dictionary<string, string[]> Table = new()
    {
        ["Guardian.Cas"] = ["Callers", "Secrets", "Store", "Sessions", "Admissions", "Owners", "Audit", "Provisioning", "Host", ""],
        ["Guardian.Cas.Client"] = ["Protocol", "Sessions", "Audit", "Owners", "Connection"],
        ["Guardian.ComputeHost"] = ["Machine", "Configuration", "Inventory", "Guests", "Checks"],
        ["Guardian.Libvirt"] = ["", "Domain", "Rpc"],
        ["Guardian.Node"] = ["Definitions", "Relay", "Metrics", "Metering", "Publishing", "Daemon", ""],
        ["Guardian.OpenStack"] = ["", "Configuration", "Session", "Compute", "Placement", "Setup"],
        ["Guardian.Files"] = ["", "Native", "Host", "Durable"],
        ["Guardian.Runtime"] = ["Base", "Images", "Network", "Stdio", "Start", "Storage", "Run", ""],
        ["Guardian.Volumes"] = ["Contract", "Format", "Threads", "Storage", "Content", "Commit", "Nodes", "Checking", ""],
        ["Guardian.Wasi"] = ["Engine", "Streams", "Descriptors", "Host", ""],
    };

    public static IReadOnlyList<string> Of(string project) => Table.GetValueOrDefault(project, [""]);
}
