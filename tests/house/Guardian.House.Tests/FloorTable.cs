namespace Guardian.House.Tests;

/// <summary>The floors of each project: its folders from the lowest to the highest. A folder uses only folders to its left.</summary>
internal static class FloorTable
{
    private static readonly Dictionary<string, string[]> Table = new()
    {
        ["Guardian.Cas"] =
            ["Callers", "Secrets", "Store", "Workloads", "Sessions", "Admissions", "Owners", "Audit", "Provisioning", "Doctor", "Host", ""],
        ["Guardian.Cas.Client"] = ["Protocol", "Workloads", "Sessions", "Audit", "Owners", "Connection"],
        ["Guardian.CleanRoom"] =
        [
            "Base", "Statistics", "Contract", "Layout", "Matching/Lanes", "Matching", "Programs", "Privacy", "Keys", "Data/Ordering",
            "Data/Linking", "Data", "Analyses", "Log", "Shards", "Room",
        ],
        ["Guardian.CleanRoom.Client"] = ["Reasons", "Normalisation", "Sorting", "Tagging", "Reading", "Drafting", ""],
        ["Guardian.Cli"] =
        [
            "Failures", "Output", "Commands", "Sessions", "Sessions/Scone", "Sessions/Differences", "Inputs", "Installation",
            "Commands/Enclaves", "Commands/Keys", "Commands/Quotes", "Commands/Evidence",
            "Commands/Volumes", "Options", "Commands/Verifier", "Rooms", "Commands/Cas", "Commands/Cloud", "Commands/Native",
            "Commands/Nodes", "Commands/Programs", "Commands/Secrets", "Commands/Sessions", "Commands/Kubernetes", "Reports",
            "Commands/Rooms", "Commands/Demo", "Desk", "Entry", "",
        ],
        ["Guardian.Portal"] = ["Access", "Serving", "Look", "Pages", ""],
        ["Guardian.Verifier"] = ["Reasons", "Freshness", "Appraising", "Serving", ""],
        ["Guardian.ComputeHost"] = ["Machine", "Quoting", "Configuration", "Inventory", "Guests", "Checks"],
        ["Guardian.Libvirt"] = ["", "Domain", "Rpc"],
        ["Guardian.Node"] =
            ["Words", "Definitions", "Relay", "Metrics", "Metering", "Publishing", "Kubernetes", "Admission", "Caching", "Quoting",
                "Daemon", ""],
        ["Guardian.Operator"] = ["Objects", "Work", ""],
        ["Guardian.Oci"] = ["Base", "Node", "Containers", "Calls", ""],
        ["Guardian.OpenStack"] = ["", "Configuration", "Session", "Compute", "Placement", "Setup"],
        ["Guardian.Files"] = ["", "Native", "Host", "Durable"],
        ["Guardian.Runtime"] = ["Base", "Images", "Network", "Stdio", "Start", "Storage", "Run", ""],
        ["Guardian.Attestation"] =
            ["Quotes", "Pki", "Identity", "Collateral", "EventLogs", "Snp", "Verification", "Keeping", "Policy", "Launch", "Evidence",
                "RaTls", "Statements", "Envelopes"],
        ["Guardian.Sgx"] = ["", "Cpu", "Measurement", "Reports", "Keys", "Enclaves", "Gramine"],
        ["Guardian.Simulation"] = ["Memory", "Processor", "Quoting", ""],
        ["Guardian.Volumes"] = ["Contract", "Format", "Threads", "Storage", "Content", "Commit", "Nodes", "Checking", ""],
        ["Guardian.Wasi"] = ["Engine", "Streams", "Descriptors", "Host", "", "Pure"],
    };

    public static IReadOnlyList<string> Of(string project) => Table.GetValueOrDefault(project, [""]);
}
