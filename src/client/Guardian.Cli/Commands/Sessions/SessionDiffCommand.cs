using System.CommandLine;
using System.Text;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Sessions.Differences;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session diff</c>.</summary>
internal sealed class SessionDiffCommand : CliCommand
{
    private readonly Argument<string> first = new("FILE")
    {
        Description = "The session; with NEW, the text that it replaces. Alone, it is compared with the session in the CAS.",
    };
    private readonly Argument<string?> second = new("NEW")
    {
        Description = "The new text of the session.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly TemplateOptions template = new();
    private readonly CasOptions cas = CasOptions.WithOption(isRequired: false);

    public SessionDiffCommand() : base(
        "diff", "Say in words what a new text of a session changes for secrets, people's rights and the admitted code.") =>
        AddSymbols([first, second, .. template.All, .. cas.All]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (path, other) = (arguments.GetRequiredValue(first), arguments.GetValue(second));
        if (other is null && !cas.IsNamed(arguments))
        {
            throw CliReasons.Usage.Refuse(
                "there is nothing to compare with", $"guardian session diff {path} NEW, or --cas and --key for the session in a CAS");
        }
        var (after, _) = template.Load(arguments, other ?? path);
        var before = other is not null
            ? template.Load(arguments, path).Session
            : await ReadFromCasAsync(arguments, after.Name, cancellation).ConfigureAwait(false);
        var changes = SessionComparison.Compare(before, after);
        terminal.Show(
            new SessionDiffResult(after.Name, before.Hash, after.Hash, changes), SessionsJson.Default.SessionDiffResult, people =>
            {
                if (before.Hash == after.Hash)
                {
                    people.WriteLine($"{after.Name} is the same text");
                    return;
                }
                foreach (var area in changes.GroupBy(change => change.Area))
                {
                    people.WriteLine($"{area.Key}:");
                    foreach (var change in area)
                    {
                        people.WriteLine($"  {SignOf(change.Effect)} {change.Text}");
                    }
                }
                if (changes.Count == 0)
                {
                    people.WriteLine($"{after.Name} changes in its comments, layout or predecessor alone");
                }
            });
        return ExitCode.Done;
    }

    private Task<SessionDocument> ReadFromCasAsync(ParseResult arguments, string name, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
        {
            var read = await client.ReadAsync(name, cancellation).ConfigureAwait(false);
            return SessionDocumentFile.Read(Encoding.UTF8.GetBytes(read.Text), $"{name} in the CAS").Session;
        });

    private static char SignOf(string effect) => effect switch
    {
        SessionChange.More => '+',
        SessionChange.Less => '-',
        _ => ' ',
    };
}

/// <summary>The result of <c>session diff</c>.</summary>
/// <param name="Name">The session's name.</param>
/// <param name="Before">The hash of the text that is replaced.</param>
/// <param name="After">The hash of the new text.</param>
/// <param name="Changes">The changes in words; empty if none has a meaning.</param>
internal sealed record SessionDiffResult(string Name, string Before, string After, IReadOnlyList<SessionChange> Changes);
