using Guardian.Cas.Client.Connection;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.Enclave;

/// <summary>Stores a value of a room as a tag in the CAS, under the session that gives the room its key.</summary>
internal sealed class CasRoomTag : IRoomTag
{
    /// <summary>The tag of the log's head; the session lists it under <c>tags</c>.</summary>
    public const string Head = "room";

    /// <summary>The tag of the secret that wraps the keys of data; the session lists it under <c>tags</c>.</summary>
    public const string KeySecret = "room-keys";

    private readonly CasClient client;
    private readonly string session;
    private readonly string name;

    /// <param name="name">The name of the tag.</param>
    /// <param name="contract">The contract, which names the session.</param>
    /// <param name="client">The CAS, which the caller disposes.</param>
    public CasRoomTag(string name, RoomContract contract, CasClient client)
    {
        (this.name, this.client) = (name, client);
        session = contract.Cas.Session[..contract.Cas.Session.LastIndexOf('/')];
    }

    /// <inheritdoc/>
    public byte[]? Read() => Wait(() => client.ReadTagAsync(session, name));

    /// <inheritdoc/>
    public bool TryMove(byte[]? expected, byte[] next) => Wait(async () =>
    {
        ReadOnlyMemory<byte>? current = expected is null ? null : (ReadOnlyMemory<byte>?)expected;
        return (await client.SetTagAsync(session, name, current, next).ConfigureAwait(false)).Moved;
    });

    // Blocking is harmless: the room answers one question after another, under a lock, on a thread of its own.
    private T Wait<T>(Func<Task<T>> call)
    {
        try
        {
            return Task.Run(call).GetAwaiter().GetResult();
        }
        catch (RefusedException failure)
        {
            throw new RefusedException(
                RoomReasons.CasAway.Because($"the CAS does not return the room's tag '{name}': {failure.Message}"), failure);
        }
    }
}
