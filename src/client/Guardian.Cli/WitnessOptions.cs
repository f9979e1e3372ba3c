using System.CommandLine;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cli;

/// <summary>Which CAS is another's witness.</summary>
internal sealed class WitnessOptions
{
    private readonly Option<Uri?> address = new("--witness") { Description = "Another CAS that keeps how far this one's log has come, https://host:port; this one does nothing without its word.", CustomParser = Addresses.Parse, HelpName = "ADDRESS" };
    private readonly Option<string?> session = new("--witness-session") { Description = "The session there that admits this CAS and has the tag 'log'.", HelpName = "NAME" };

    /// <summary>For the command that reads them.</summary>
    public IReadOnlyList<Option> Options => [address, session];

    /// <summary>The witness; null when none is named.</summary>
    /// <exception cref="CliException">Only one of both is given.</exception>
    public WitnessDescription? Read(ParseResult arguments) => (arguments.GetValue(address), arguments.GetValue(session)) switch
    {
        (null, null) => null,
        ({ } place, { } name) => new WitnessDescription(place.GetLeftPart(UriPartial.Authority), name),
        _ => throw new CliException(ExitCode.Usage, "half-a-witness", "a witness is an address and a session there", hint: "give --witness ADDRESS --witness-session NAME"),
    };
}
