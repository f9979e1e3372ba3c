using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Client.Drafting;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room draft</c>.</summary>
internal sealed class RoomDraftCommand : CliCommand
{
    private readonly Argument<string[]> files = new("FILE")
    {
        Description = "Your files: CSV with a header, UTF-8 (also packed with gzip), Parquet or .xlsx; one data set for each.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string> owner = new("--owner")
    {
        Description = "Your name as a member.",
        Required = true,
        HelpName = "NAME",
    };
    private readonly Option<string?> key = new("--key")
    {
        Description = "Your key as a member: the draft names its public half. It is made if there is no such file.",
        HelpName = "FILE",
    };
    private readonly Option<bool> several = new("--several")
    {
        Description = "Match persons by every identifier of a file, best first: e-mail, phone, names with date of birth and postcode. "
            + "The default is the best one alone, because each further one adds noise and time.",
    };
    private readonly Option<string?> output = new("--output")
    {
        Description = "The file to write, which you can send to your partners. The default is standard output.",
        HelpName = "FILE",
    };

    public RoomDraftCommand() : base(
        "draft", "Write the data sets of a contract from your files, with reasons; reads them on this machine and sends nothing.") =>
        AddSymbols(files, owner, key, several, output);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (name, path) = (arguments.GetRequiredValue(owner), arguments.GetValue(output));
        OutputFile.RequireNew(path);
        MemberDraft.RequireName(name);
        var keyPath = arguments.GetValue(key);
        var draft = MemberDraft.Read(
            arguments.GetRequiredValue(files), name, arguments.GetValue(several),
            keyPath is null ? null : () => ReadPublicKey(keyPath, terminal), cancellation);
        if (path is not null)
        {
            OutputFile.Write(path, draft.Text);
        }
        Show(new RoomDraftResult(path, draft.DataSets, draft.Decisions, draft.Notes, draft.Text), terminal);
        return Task.FromResult(ExitCode.Done);
    }

    private static void Show(RoomDraftResult result, Terminal terminal) =>
        terminal.Show(result, RoomsJson.Default.RoomDraftResult, people =>
    {
        if (result.File is null)
        {
            terminal.Print(result.Text.TrimEnd('\n'));
        }
        else
        {
            people.WriteLine($"{result.File} is written; replace {DataSetDraft.Decide} in {Format.Count(result.Decisions, "place")}");
        }
        foreach (var note in result.Notes)
        {
            terminal.Note(note);
        }
    });

    private static string ReadPublicKey(string path, Terminal terminal)
    {
        if (Path.Exists(path))
        {
            using var known = KeyFile.Load(path);
            return known.PublicKey;
        }
        using var made = IdentityKey.Create();
        InputFile.Use(path, () =>
        {
            made.Save(path);
            return path;
        });
        terminal.Note($"{path} is a new key, readable by you alone; keep it, because it is you in every room");
        return made.PublicKey;
    }
}

/// <summary>The result of <c>room draft</c>.</summary>
/// <param name="File">The file that was written; null for none.</param>
/// <param name="DataSets">The names of the data sets.</param>
/// <param name="Decisions">Places where the owner must decide.</param>
/// <param name="Notes">Facts for the owner alone.</param>
/// <param name="Text">The draft.</param>
internal sealed record RoomDraftResult(
    string? File, IReadOnlyList<string> DataSets, int Decisions, IReadOnlyList<string> Notes, string Text);
