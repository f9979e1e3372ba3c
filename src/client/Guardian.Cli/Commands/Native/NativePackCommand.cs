using System.CommandLine;
using System.Globalization;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Native;

/// <summary><c>guardian native pack</c>.</summary>
internal sealed class NativePackCommand : CliCommand
{
    private const int MaxThreads = 4096;

    private static readonly string[] AlwaysInMemory = ["/tmp", "/run"];

    private readonly Argument<string> source = new("SOURCE")
    {
        Description = "The program's file system: a folder, the folder of an OCI image layout, or a file .tar with one.",
    };
    private readonly Argument<string> target = new("PACK") { Description = "The folder to write." };
    private readonly Option<string> session = new("--session")
    {
        Description = "Session and service that configure the program. No other can.", HelpName = "SESSION/SERVICE", Required = true,
    };
    private readonly Option<string> cas = new("--cas")
    {
        Description = "The CAS that has the session, by its name of guardian cas trust. No other CAS can configure the program.",
        HelpName = "NAME", DefaultValueFactory = _ => UserDefaults.DefaultName,
    };
    private readonly Option<string?> entry = new("--entry")
    {
        Description = "The program's path in SOURCE. Default: that of the image.", HelpName = "PATH",
    };
    private readonly Option<string[]> volumes = new("--volume")
    {
        Description = "A volume of the session and its path, encrypted by Gramine; repeatable.", HelpName = "NAME=PATH",
    };
    private readonly Option<string[]> memory = new("--memory")
    {
        Description = "A folder in memory, for files of the session; repeatable. /tmp and /run always are.", HelpName = "PATH",
    };
    private readonly Option<string> platform = new("--platform")
    {
        Description = "The platform of the program: hardware or simulated.", HelpName = "PLATFORM",
        DefaultValueFactory = _ => UserDefaults.FindPlatform() ?? "hardware",
    };
    private readonly Option<string?> key = new("--key")
    {
        Description = "The key that signs the enclave, RSA-3072 in PEM; made if it does not exist. Default: one in the state folder.",
        HelpName = "FILE",
    };
    private readonly Option<string> size = new("--enclave-size")
    {
        Description = "The enclave's memory, a power of two, such as 1G.", HelpName = "SIZE", DefaultValueFactory = _ => "1G",
    };
    private readonly Option<int> threads = new("--threads")
    {
        Description = "How many threads run at once, at most.", HelpName = "NUMBER", DefaultValueFactory = _ => 64,
    };
    private readonly Option<string?> premain = new("--premain")
    {
        Description = "The folder of the native guardian-premain. Default: the one that is installed here.", HelpName = "DIR",
    };

    public NativePackCommand() : base(
        "pack", "Pack a native program for an enclave of Gramine: its manifest, signature, measurement and a draft of its session.")
    {
        platform.AcceptOnlyFromAmong("hardware", "simulated");
        AddSymbols(source, target, session, cas, entry, volumes, memory, platform, key, size, threads, premain);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var folder = arguments.GetRequiredValue(target);
        OutputFile.RequireNewOrEmptyFolder(folder);
        var order = new PackOrder
        {
            Session = ReadSession(arguments.GetRequiredValue(session)),
            Cas = CasTarget.Find(arguments.GetRequiredValue(cas)) ?? throw CliReasons.BadTrust.Refuse(
                $"no CAS is trusted as '{arguments.GetRequiredValue(cas)}', and the measurement pins the CAS",
                "guardian cas trust NAME ADDRESS"),
            Entry = arguments.GetValue(entry),
            Volumes = ReadVolumes(arguments.GetValue(volumes) ?? []),
            MemoryFolders = [.. AlwaysInMemory.Concat(arguments.GetValue(memory) ?? []).Select(RequirePath).Distinct()],
            IsSimulated = arguments.GetRequiredValue(platform) == "simulated",
            Key = arguments.GetValue(key) ?? Path.Combine(UserFolders.State, "native-signer.pem"),
            EnclaveSize = arguments.GetRequiredValue(size),
            Threads = arguments.GetValue(threads) is > 0 and <= MaxThreads and var number
                ? number
                : throw CliReasons.Usage.Refuse($"--threads takes a number from 1 to {MaxThreads}"),
            Premain = FindPremain(arguments.GetValue(premain)),
        };
        var result = await PackWriter.WriteAsync(InputFile.Require(arguments.GetRequiredValue(source)), folder, order, cancellation)
            .ConfigureAwait(false);
        terminal.Show(result, NativeJson.Default.NativePackResult, people =>
        {
            people.WriteLine($"{folder} is packed: {result.Files.ToString(CultureInfo.InvariantCulture)} files, entry {result.Entry}");
            people.WriteLine($"mrenclave: {result.MrEnclave ?? "unknown, because no Gramine with SGX is installed here"}");
            people.WriteLine($"simulated: {result.SimulatedMrEnclave}");
            people.WriteLine($"next: guardian session create {result.SessionFile}, then guardian run --native {folder}");
        });
        return ExitCode.Done;
    }

    private static string ReadSession(string text) => text.LastIndexOf('/') is > 0 and var slash && slash < text.Length - 1
        ? text
        : throw CliReasons.Usage.Refuse($"'{text}' is no SESSION/SERVICE");

    private static Dictionary<string, string> ReadVolumes(string[] given)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var volume in given)
        {
            var parts = volume.Split('=', 2);
            if (parts.Length != 2 || parts[0].Length == 0
                || !parts[0].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
                || !read.TryAdd(parts[0], RequirePath(parts[1])))
            {
                throw CliReasons.Usage.Refuse($"--volume takes NAME=PATH, each name once, not '{volume}'");
            }
        }
        return read;
    }

    private static string RequirePath(string path) =>
        path.StartsWith('/') && path.Length > 1 && path.Split('/').Skip(1).All(part => part is not ("" or "." or ".."))
            && !path.StartsWith("/.guardian/", StringComparison.Ordinal)
            ? path
            : throw CliReasons.Usage.Refuse($"'{path}' is no absolute path of a folder in the enclave");

    private static string FindPremain(string? given)
    {
        var folder = given ?? InstalledProgram.Premain.Directory;
        return File.Exists(Path.Combine(folder, "guardian-premain"))
            ? folder
            : throw CliReasons.NotInstalled.Refuse(
                $"the native guardian-premain is not installed at {folder}",
                "deploy/native/build DIR guardian-premain makes it; then add --premain DIR/guardian-premain");
    }
}
