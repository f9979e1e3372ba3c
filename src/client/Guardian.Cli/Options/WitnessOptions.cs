using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>The options that name a CAS's witness.</summary>
internal sealed class WitnessOptions
{
    private readonly Option<Uri?> address = new("--witness")
    {
        Description =
            "Another CAS, https://host:port, that records the state of this one's log; this one needs its confirmation for every change.",
        CustomParser = Addresses.Parse,
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> session = new("--witness-session")
    {
        Description = "The session at the witness that admits this CAS and has the tag 'log'.",
        HelpName = "NAME",
    };

    public IReadOnlyList<Option> All => [address, session];

    /// <summary>Reads the witness.</summary>
    /// <returns>The witness; null when the user names none.</returns>
    /// <exception cref="RefusedException">Only one of the two options is given.</exception>
    public WitnessDescription? Read(ParseResult arguments) => (arguments.GetValue(address), arguments.GetValue(session)) switch
    {
        (null, null) => null,
        ({ } place, { } name) => new WitnessDescription(place.GetLeftPart(UriPartial.Authority), name),
        _ => throw CliReasons.HalfAWitness.Refuse("a witness is an address and a session there"),
    };
}
