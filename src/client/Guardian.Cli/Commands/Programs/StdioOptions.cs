using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Programs;

/// <summary>The arguments that name a service, and the key of its encrypted streams.</summary>
internal sealed class StdioOptions
{
    private readonly Argument<string> service = new("SESSION/SERVICE") { Description = "The service whose streams they are." };
    private readonly CasOptions cas = CasOptions.WithOption("Your key; the session must name it as a reader of the streams.");

    public Argument<string> Service => service;

    public IReadOnlyList<Symbol> Others => cas.All;

    /// <summary>Gets the key from the CAS.</summary>
    /// <exception cref="RefusedException">The service's name is malformed, or the CAS refuses.</exception>
    public Task<byte[]> ReadKeyAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var name = arguments.GetRequiredValue(service);
        var slash = name.LastIndexOf('/');
        if (slash <= 0 || slash == name.Length - 1)
        {
            throw CliReasons.BadService.Refuse($"'{name}' is no SESSION/SERVICE");
        }
        return cas.UseAsync(arguments, client => client.ReadStdioKeyAsync(name[..slash], name[(slash + 1)..], cancellation));
    }
}
