using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Volumes;
using Guardian.Volumes.Contract;

namespace Guardian.Cli.Commands.Volumes;

/// <summary><c>guardian volume check</c>.</summary>
internal sealed class VolumeCheckCommand : CliCommand
{
    private readonly VolumeArguments shared = new();

    public VolumeCheckCommand() : base("check", "Read and verify everything in a volume, and list the damaged files.") =>
        AddSymbols(shared.All);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var key = KeyFile.LoadVolumeKey(arguments.GetRequiredValue(shared.Key));
        var folder = arguments.GetRequiredValue(shared.Folder);
        var report = await terminal.WithProgressAsync(progress =>
        {
            var checking = progress("checking");
            return Task.FromResult(Volume.Check(folder, key, shared.ReadOptions(arguments), done =>
            {
                cancellation.ThrowIfCancellationRequested();
                checking(done, folder);
            }));
        }).ConfigureAwait(false);
        var result = new VolumeCheckResult(
            report.Damages.Count == 0, report.Generation, report.IsClosed, report.Files, report.Directories, report.Links, report.Size,
            report.Unprotected,
            [.. report.Damages.Select(damage => new DamageResult(damage.Path, damage.Problem))]);
        terminal.Show(result, VolumesJson.Default.VolumeCheckResult, people => Show(people, result));
        return result.Verified ? ExitCode.Done : ExitCode.Refused;
    }

    private static void Show(TextOutput people, VolumeCheckResult result)
    {
        people.WriteLine(
            $"{Format.Number(result.Files)} files, {Format.Number(result.Directories)} directories, {Format.Number(result.Links)} links, "
            + $"{Format.Number((long)result.Size)} bytes; generation {result.Generation}");
        if (!result.Closed)
        {
            people.WriteLine("the volume was not closed: its last commit is its state");
        }
        if (result.Unprotected > 0)
        {
            people.WriteLine($"{Format.Number(result.Unprotected)} files are in plain regions: nobody can say whether they were changed");
        }
        people.WriteLine(result.Verified ? "every file verifies" : $"{Format.Number(result.Damages.Count)} damages:");
        foreach (var damage in result.Damages)
        {
            people.WriteLine($"  {Format.Printable(damage.Path)}: {damage.Problem}");
        }
    }
}

/// <summary>The result of <c>volume check</c>.</summary>
/// <param name="Generation">The number of its last commit.</param>
/// <param name="Closed">Whether its last user closed it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Unprotected">Files in plain regions.</param>
internal sealed record VolumeCheckResult(
    bool Verified, ulong Generation, bool Closed, long Files, long Directories, long Links, ulong Size, long Unprotected,
    IReadOnlyList<DamageResult> Damages);

/// <summary>A damaged file.</summary>
internal sealed record DamageResult(string Path, string Problem);
