using System.CommandLine;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>A command that talks to a room as one of its members.</summary>
internal abstract class RoomCommand : CliCommand
{
    private readonly RoomOptions room = new();

    protected RoomCommand(string name, string description) : base(name, description) => AddSymbols(room.All);

    /// <summary>Checks the command line before the room is asked.</summary>
    protected virtual void Check(ParseResult arguments)
    {
    }

    /// <inheritdoc/>
    protected sealed override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        Check(arguments);
        return room.UseAsync(arguments, terminal, (file, client) => RunAsync(file, client, arguments, terminal, cancellation));
    }

    /// <summary>Does the work over a verified connection.</summary>
    protected abstract Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation);
}
