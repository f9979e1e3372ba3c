using System.CommandLine;
using System.Globalization;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Files;

namespace Guardian.Cli.Commands.Volumes;

/// <summary><c>guardian volume ls</c>.</summary>
internal sealed class VolumeListCommand : CliCommand
{
    private readonly VolumeArguments shared = new();
    private readonly Argument<string> path = new("PATH")
    {
        Description = "A directory or file in the volume.",
        DefaultValueFactory = _ => "/",
    };
    private readonly Option<bool> recursive = new("--recursive") { Description = "List the content of directories too." };

    public VolumeListCommand() : base("ls", "List the content of a volume.") => AddSymbols([.. shared.All, path, recursive]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) => shared.UseAsync(
        arguments, shared.ReadOptions(arguments) with { ReadOnly = true }, volume =>
    {
        List<VolumeEntryResult> entries =
            [.. VolumePath.List(volume.Root, arguments.GetRequiredValue(path), arguments.GetValue(recursive)).Select(VolumeEntryResult.Of)];
        terminal.Show(new VolumeListResult(entries), VolumesJson.Default.VolumeListResult, people =>
        {
            foreach (var entry in entries)
            {
                var ending = entry.Kind == "directory" ? "/" : entry.Target is null ? "" : $" -> {entry.Target}";
                people.WriteLine($"{Format.Number((long)entry.Size),15}  {entry.Modified}  {Format.Printable(entry.Path + ending)}");
            }
        });
        return Task.FromResult(ExitCode.Done);
    });
}

/// <summary>The result of <c>volume ls</c>.</summary>
internal sealed record VolumeListResult(IReadOnlyList<VolumeEntryResult> Entries);

/// <summary>A file, directory or symbolic link.</summary>
/// <param name="Kind"><c>file</c>, <c>directory</c> or <c>link</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Links">Its names in the volume.</param>
/// <param name="Target">The path in a symbolic link; null for others.</param>
internal sealed record VolumeEntryResult(string Path, string Kind, ulong Size, ulong Links, string Modified, string? Target)
{
    public static VolumeEntryResult Of(VolumePath.Entry entry) => new(
        entry.Path, Name(entry.Stat.Kind), entry.Stat.Size, entry.Stat.LinkCount, Instant(entry.Stat), entry.Target);

    private static string Name(FileKind kind) => kind switch
    {
        FileKind.Directory => "directory",
        FileKind.SymbolicLink => "link",
        _ => "file",
    };

    private static string Instant(FileStat stat) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)(Math.Min(stat.ModificationTime, VolumeCopy.MaxTime) / 100))
            .ToString("u", CultureInfo.InvariantCulture);
}
