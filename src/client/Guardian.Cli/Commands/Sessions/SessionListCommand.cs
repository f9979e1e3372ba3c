using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session list</c>.</summary>
internal sealed class SessionListCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string?> name = new("NAME")
    {
        Description = "The session's name. Without it, owners of the CAS list the sessions at the top.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public SessionListCommand() : base("list", "Print the names of the sessions directly below one.") => AddSymbols([name, .. cas.All]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var names = await client.ListAsync(arguments.GetValue(name) ?? "", cancellation).ConfigureAwait(false);
        terminal.Show(new SessionListResult([.. names]), SessionsJson.Default.SessionListResult, people =>
        {
            foreach (var each in names)
            {
                people.WriteLine(each);
            }
        });
        return ExitCode.Done;
    });
}

/// <summary>The result of <c>session list</c>.</summary>
internal sealed record SessionListResult(IReadOnlyList<string> Names);
