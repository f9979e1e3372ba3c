using System.CommandLine;
using System.Text;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Sessions.Scone;
using Guardian.Documents;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session from-scone</c>.</summary>
internal sealed class SessionFromSconeCommand : LocalCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "A session of SCONE's language 0.3, YAML." };
    private readonly Option<string?> output = new("--output")
    {
        Description = "The new file to write. Without it, the session is printed.",
        HelpName = "FILE",
    };
    private readonly TemplateOptions template = new();

    public SessionFromSconeCommand() : base(
        "from-scone", "Translate a session of SCONE, with a note for each line that changes. Nothing is weakened.") =>
        AddSymbols([file, output, .. template.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (path, target) = (arguments.GetRequiredValue(file), arguments.GetValue(output));
        OutputFile.RequireNew(target);
        var problems = new DocumentProblems();
        var layout = YamlLayout.Read(template.LoadText(arguments, path), problems)
            ?? throw CliReasons.BadSession.Refuse(
                $"{path} cannot be read", problems: [.. problems.Items.Select(problem => $"{path}:{problem}")]);
        var (text, notes) = SconeTranslation.Translate(layout);
        var mistakes = SessionDocument.Read(Encoding.UTF8.GetBytes(text)).Refusal?.Problems ?? [];
        if (target is not null)
        {
            OutputFile.Write(target, text);
        }
        foreach (var note in notes)
        {
            terminal.Note($"{path}:{note.Line}: {SconeNotes.WordOf(note.Change)}: {note.Text}");
        }
        var isValid = mistakes.Count == 0 && notes.All(note => note.Change != SconeChange.Open);
        terminal.Show(
            new SessionFromSconeResult(target, text, isValid, [.. notes.Select(SconeNoteResult.Of)], mistakes),
            SessionsJson.Default.SessionFromSconeResult, people =>
            {
                if (target is null)
                {
                    people.Write(text);
                }
                else
                {
                    people.WriteLine($"{target} is written");
                }
            });
        if (isValid)
        {
            return ExitCode.Done;
        }
        if (!terminal.Json)
        {
            terminal.Fail(CliReasons.NotTranslated.Because($"{path} has forms that a person must decide about") with
            {
                Problems = [.. mistakes.Select(mistake => $"{target ?? "the session"}:{mistake}")],
            });
        }
        return ExitCode.Refused;
    }
}

/// <summary>The result of <c>session from-scone</c>.</summary>
/// <param name="File">The written file; null when none was asked for.</param>
/// <param name="Text">The session.</param>
/// <param name="Valid">Whether the session is valid, and no note asks for a decision.</param>
/// <param name="Notes">A note for each line that changed, or that must be decided about.</param>
/// <param name="Mistakes">What 'session check' says about the session.</param>
internal sealed record SessionFromSconeResult(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? File, string Text, bool Valid,
    IReadOnlyList<SconeNoteResult> Notes, IReadOnlyList<string> Mistakes);

/// <summary>A note.</summary>
/// <param name="Line">The line in SCONE's session.</param>
/// <param name="Change"><c>same</c>, <c>stricter</c>, <c>unsafe</c> or <c>decide</c>.</param>
/// <param name="Text">The note.</param>
internal sealed record SconeNoteResult(int Line, string Change, string Text)
{
    public static SconeNoteResult Of(SconeNote note) => new(note.Line, SconeNotes.WordOf(note.Change).ToLowerInvariant(), note.Text);
}
