using System.CommandLine;
using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Secrets;

/// <summary><c>guardian secret list</c>.</summary>
internal sealed class SecretListCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithOption();
    private readonly Argument<string> session = new("SESSION") { Description = "The session's name." };

    public SecretListCommand() : base("list", "Show the secrets of a session, and who set them when; never their values.") =>
        AddSymbols([session, .. cas.All]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var list = await client.Secrets.ListAsync(arguments.GetRequiredValue(session), cancellation).ConfigureAwait(false);
        terminal.Show(list, SecretsJson.Default.SecretList, people =>
        {
            people.WriteLine($"{list.Session}, hash {list.Hash}");
            var table = new TextTable().AddTextColumns("secret", "kind", "value", "version", "since", "by", "you may");
            foreach (var secret in list.Secrets)
            {
                table.AddRow(
                    secret.Name, secret.Kind, secret.HasValue ? $"from {Explain(secret.Source)}" : "none yet",
                    secret.Version == 0 ? "" : secret.Version.ToString(CultureInfo.InvariantCulture),
                    secret.At is { } at ? at.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) : "", secret.By?[..8] ?? "",
                    (secret.MaySet, secret.MayRead) switch
                    {
                        (true, true) => "set, read",
                        (true, false) => "set",
                        (false, true) => "read",
                        _ => "",
                    });
            }
            people.WriteTable(table);
        });
        return ExitCode.Done;
    });

    private static string Explain(string source) => source switch
    {
        "people" => "people",
        "session" => "the session's text",
        "import" => "another session",
        _ => "the CAS",
    };
}
