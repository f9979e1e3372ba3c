using System.Net.Sockets;
using Guardian.Refusals;

namespace Guardian.Libvirt.Rpc;

/// <summary>The few calls that Guardian itself makes to libvirtd, over a connection of its own.</summary>
/// <remarks>
/// Not thread-safe. Every call throws <see cref="RefusedException"/> with a reason of <see cref="LibvirtReasons"/>: libvirtd does not
/// answer, answers with an error, or answers in another format.
/// </remarks>
public sealed class LibvirtClient : IDisposable
{
    /// <summary>libvirt's name of the driver for guests of the system's QEMU, which Nova uses.</summary>
    public const string SystemUri = "qemu:///system";

    private const uint MaxString = 4_194_304;
    private const uint MaxGuests = 16_384;
    private const uint MaxAuthTypes = 20;
    private const int AuthNone = 0;
    private const int AuthPolkit = 2;
    private const int EventLifecycle = 0;
    private const uint ListActive = 1;

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Queue<GuestEvent> events = new();
    private readonly int timeout;
    private uint serial;

    private LibvirtClient(TimeSpan timeout)
    {
        this.timeout = (int)timeout.TotalMilliseconds;
        socket.SendTimeout = this.timeout;
    }

    /// <summary>Opens a read-write connection.</summary>
    /// <param name="path">The daemon's socket.</param>
    /// <param name="uri">The driver, such as <see cref="SystemUri"/>.</param>
    /// <param name="timeout">The longest time to wait for each answer.</param>
    /// <exception cref="RefusedException">There is no daemon, or it refused.</exception>
    public static LibvirtClient Connect(string path, string uri, TimeSpan timeout)
    {
        var client = new LibvirtClient(timeout);
        try
        {
            client.socket.Connect(new UnixDomainSocketEndPoint(path));
            client.Open(uri);
            return client;
        }
        catch (SocketException failure)
        {
            client.Dispose();
            var cause = File.Exists(path) ? failure.Message : "there is no such socket";
            throw new RefusedException(LibvirtReasons.Unusable.Because($"libvirt cannot be reached at {path}: {cause}"), failure);
        }
        catch (RefusedException)
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Lists the guests that the daemon knows.</summary>
    /// <param name="activeOnly">Whether guests that do not run are left out.</param>
    public IReadOnlyList<GuestName> ListGuests(bool activeOnly)
    {
        var arguments = new XdrWriter().WriteInt32(1).WriteUInt32(activeOnly ? ListActive : 0);
        var reader = new XdrReader(Call(RemoteProcedure.ConnectListAllDomains, arguments));
        var guests = new List<GuestName>();
        if (!reader.TryReadUInt32(out var count) || count > MaxGuests)
        {
            throw Malformed();
        }
        for (var i = 0; i < count; i++)
        {
            guests.Add(GuestName.TryRead(ref reader, out var guest) ? guest : throw Malformed());
        }
        return guests;
    }

    /// <summary>Reads a guest's definition; for a running guest, the definition it runs with.</summary>
    public string GetXml(GuestName guest) => CallForText(RemoteProcedure.DomainGetXmlDesc, guest.WriteTo(new XdrWriter()).WriteUInt32(0));

    /// <summary>Reads what guests of a kind can have (docs/formatdomaincaps.html).</summary>
    /// <param name="virtualization"><c>kvm</c> or <c>qemu</c>.</param>
    public string GetDomainCapabilities(string virtualization) => CallForText(
        RemoteProcedure.ConnectGetDomainCapabilities,
        new XdrWriter().WriteOptionalString(null).WriteOptionalString("x86_64").WriteOptionalString("q35")
            .WriteOptionalString(virtualization).WriteUInt32(0));

    /// <summary>Reads the host's name, by which Nova calls it too; mostly with its domain.</summary>
    public string GetHostName() => CallForText(RemoteProcedure.ConnectGetHostname, new XdrWriter());

    /// <summary>Reads the hypervisor's version; for QEMU, QEMU's.</summary>
    public Version GetHypervisorVersion() => CallForVersion(RemoteProcedure.ConnectGetVersion);

    /// <summary>Reads the daemon's version.</summary>
    public Version GetLibraryVersion() => CallForVersion(RemoteProcedure.ConnectGetLibVersion);

    /// <summary>Subscribes to the events of all guests; see <see cref="WaitForEvent"/>.</summary>
    public void Subscribe() => Call(
        RemoteProcedure.ConnectDomainEventCallbackRegisterAny, new XdrWriter().WriteInt32(EventLifecycle).WriteUInt32(0));

    /// <summary>Returns the next event. Waits without limit until there is one or the connection ends.</summary>
    public GuestEvent WaitForEvent()
    {
        socket.ReceiveTimeout = 0;
        try
        {
            while (events.Count == 0)
            {
                EnqueueEvent(Receive(out var payload), payload);
            }
            return events.Dequeue();
        }
        catch (SocketException failure)
        {
            throw Unreachable(failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private void Open(string uri)
    {
        var reader = new XdrReader(Call(RemoteProcedure.AuthList, new XdrWriter()));
        var isOpen = false;
        var isPolkit = false;
        if (!reader.TryReadUInt32(out var count) || count > MaxAuthTypes)
        {
            throw Malformed();
        }
        for (var i = 0; i < count && reader.TryReadInt32(out var type); i++)
        {
            isOpen |= type == AuthNone;
            isPolkit |= type == AuthPolkit;
        }
        if (!isOpen && !isPolkit)
        {
            throw new RefusedException(
                LibvirtReasons.Refused.Because("libvirt wants SASL; set auth_unix_rw to none or polkit in libvirtd.conf"));
        }
        if (!isOpen)
        {
            Call(RemoteProcedure.AuthPolkit, new XdrWriter());
        }
        Call(RemoteProcedure.ConnectOpen, new XdrWriter().WriteOptionalString(uri).WriteUInt32(0));
    }

    private string CallForText(RemoteProcedure procedure, XdrWriter arguments)
    {
        var reader = new XdrReader(Call(procedure, arguments));
        return reader.TryReadString(MaxString, out var text) ? text : throw Malformed();
    }

    // major * 1,000,000 + minor * 1,000 + release
    private Version CallForVersion(RemoteProcedure procedure)
    {
        var reader = new XdrReader(Call(procedure, new XdrWriter()));
        return reader.TryReadUInt64(out var number) && number < 1_000_000_000
            ? new Version((int)(number / 1_000_000), (int)(number / 1_000 % 1_000), (int)(number % 1_000))
            : throw Malformed();
    }

    private byte[] Call(RemoteProcedure procedure, XdrWriter arguments)
    {
        serial++;
        socket.ReceiveTimeout = timeout;
        var call = new RpcHeader(
            0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, serial, RpcStatus.Ok);
        try
        {
            ReadOnlySpan<byte> frame = call.MakeFrame(arguments.ToArray());
            while (!frame.IsEmpty)
            {
                frame = frame[socket.Send(frame)..];
            }
            while (true)
            {
                var header = Receive(out var payload);
                if (header.Type != RpcType.Reply || header.Serial != serial)
                {
                    EnqueueEvent(header, payload);
                    continue;
                }
                return header.Status == RpcStatus.Ok ? payload : throw Refused(RpcError.Read(payload));
            }
        }
        catch (SocketException failure)
        {
            throw Unreachable(failure);
        }
    }

    private RpcHeader Receive(out byte[] payload)
    {
        var head = ReceiveBytes(RpcHeader.Size);
        if (!RpcHeader.TryRead(head, out var header))
        {
            throw Malformed();
        }
        payload = ReceiveBytes((int)header.Length - RpcHeader.Size);
        return header;
    }

    // The buffer grows with what arrives, because the peer chose the length.
    private byte[] ReceiveBytes(int size)
    {
        var bytes = new byte[Math.Min(size, 64 * 1024)];
        var received = 0;
        while (received < size)
        {
            if (received == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(size, 2L * bytes.Length));
            }
            var count = socket.Receive(bytes.AsSpan(received));
            received += count > 0 ? count : throw new RefusedException(LibvirtReasons.Unusable.Because("libvirt closed the connection"));
        }
        return bytes;
    }

    // remote_domain_event_callback_lifecycle_msg: int callbackID | domain | int event | int detail
    private void EnqueueEvent(RpcHeader header, byte[] payload)
    {
        var reader = new XdrReader(payload);
        if (header is { Type: RpcType.Message, Program: RpcHeader.RemoteProgram }
            && (RemoteProcedure)header.Procedure == RemoteProcedure.DomainEventCallbackLifecycle
            && reader.TryReadInt32(out _) && GuestName.TryRead(ref reader, out var guest)
            && reader.TryReadInt32(out var kind) && reader.TryReadInt32(out var detail))
        {
            events.Enqueue(new GuestEvent(guest, (GuestEventKind)kind, detail));
        }
    }

    private static RefusedException Refused(RpcError error) =>
        new((error.Code == RpcErrorCode.NoDomain ? LibvirtReasons.NoDomain : LibvirtReasons.Refused).Because(error.Message));

    private static RefusedException Unreachable(SocketException failure) =>
        new(LibvirtReasons.Unusable.Because($"libvirt does not answer: {failure.Message}"), failure);

    private static RefusedException Malformed() => new(LibvirtReasons.Unusable.Because("libvirt's answer cannot be read"));
}
