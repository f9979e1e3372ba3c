using System.Net.Sockets;

namespace Guardian.Node.Libvirt;

/// <summary>The few calls to libvirtd that Guardian makes itself, over its own connection. For one thread at a time.</summary>
internal sealed class LibvirtClient : IDisposable
{
    private const uint MaxString = 4_194_304;
    private const uint MaxGuests = 16_384;
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
    /// <param name="uri">The driver, such as <c>qemu:///system</c>.</param>
    /// <param name="timeout">The longest time to wait for each answer.</param>
    /// <exception cref="LibvirtException">There is no daemon, or it refused.</exception>
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
            throw new LibvirtException(LibvirtFailure.Unreachable, $"libvirt cannot be reached at {path}: {(File.Exists(path) ? failure.Message : "there is no such socket")}", failure);
        }
        catch (LibvirtException)
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The guests the daemon knows.</summary>
    public IReadOnlyList<GuestName> ListGuests(bool activeOnly)
    {
        var reader = new XdrReader(Call(RemoteProcedure.ConnectListAllDomains, new XdrWriter().Int32(1).UInt32(activeOnly ? ListActive : 0)));
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

    /// <summary>A guest's definition; of a running one, as it runs.</summary>
    public string GetXml(GuestName guest) => CallForText(RemoteProcedure.DomainGetXmlDesc, guest.Write(new XdrWriter()).UInt32(0));

    /// <summary>What guests of a kind can have (docs/formatdomaincaps.html).</summary>
    /// <param name="virtualization"><c>kvm</c> or <c>qemu</c>.</param>
    public string GetDomainCapabilities(string virtualization) => CallForText(
        RemoteProcedure.ConnectGetDomainCapabilities,
        new XdrWriter().OptionalString(null).OptionalString("x86_64").OptionalString("q35").OptionalString(virtualization).UInt32(0));

    /// <summary>The hypervisor's version, QEMU's for QEMU.</summary>
    public Version GetHypervisorVersion() => CallForVersion(RemoteProcedure.ConnectGetVersion);

    /// <summary>The daemon's version.</summary>
    public Version GetLibraryVersion() => CallForVersion(RemoteProcedure.ConnectGetLibVersion);

    /// <summary>Asks for the life of all guests; see <see cref="WaitForEvent"/>.</summary>
    public void Subscribe() => Call(RemoteProcedure.ConnectDomainEventCallbackRegisterAny, new XdrWriter().Int32(EventLifecycle).UInt32(0));

    /// <summary>The next event; waits without limit until there is one or the connection ends.</summary>
    public GuestEvent WaitForEvent()
    {
        socket.ReceiveTimeout = 0;
        try
        {
            while (events.Count == 0)
            {
                NoteEvent(Receive(out var payload), payload);
            }
            return events.Dequeue();
        }
        catch (SocketException failure)
        {
            throw Unreachable(failure);
        }
    }

    public void Dispose() => socket.Dispose();

    private void Open(string uri)
    {
        var reader = new XdrReader(Call(RemoteProcedure.AuthList, new XdrWriter()));
        var isOpen = false;
        var isPolkit = false;
        if (!reader.TryReadUInt32(out var count) || count > 20)
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
            throw new LibvirtException(LibvirtFailure.Refused, "libvirt wants SASL; set auth_unix_rw to none or polkit in libvirtd.conf");
        }
        if (!isOpen)
        {
            Call(RemoteProcedure.AuthPolkit, new XdrWriter());
        }
        Call(RemoteProcedure.ConnectOpen, new XdrWriter().OptionalString(uri).UInt32(0));
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
        var call = new RpcHeader(0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, serial, RpcStatus.Ok);
        try
        {
            ReadOnlySpan<byte> frame = call.Frame(arguments.ToArray());
            while (!frame.IsEmpty)
            {
                frame = frame[socket.Send(frame)..];
            }
            while (true)
            {
                var header = Receive(out var payload);
                if (header.Type != RpcType.Reply || header.Serial != serial)
                {
                    NoteEvent(header, payload);
                    continue;
                }
                if (header.Status == RpcStatus.Ok)
                {
                    return payload;
                }
                var error = RpcError.Read(payload);
                throw new LibvirtException(LibvirtFailure.Refused, error.Message) { Code = error.Code };
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

    // Grows with what arrives: the length is the peer's word only.
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
            received += count > 0 ? count : throw new LibvirtException(LibvirtFailure.Unreachable, "libvirt closed the connection");
        }
        return bytes;
    }

    // remote_domain_event_callback_lifecycle_msg: int callbackID | domain | int event | int detail
    private void NoteEvent(RpcHeader header, byte[] payload)
    {
        var reader = new XdrReader(payload);
        if (header.Type == RpcType.Message && header.Program == RpcHeader.RemoteProgram && (RemoteProcedure)header.Procedure == RemoteProcedure.DomainEventCallbackLifecycle
            && reader.TryReadInt32(out _) && GuestName.TryRead(ref reader, out var guest) && reader.TryReadInt32(out var kind) && reader.TryReadInt32(out var detail))
        {
            events.Enqueue(new GuestEvent(guest, (GuestEventKind)kind, detail));
        }
    }

    private static LibvirtException Unreachable(SocketException failure) => new(LibvirtFailure.Unreachable, $"libvirt does not answer: {failure.Message}", failure);

    private static LibvirtException Malformed() => new(LibvirtFailure.Malformed, "libvirt's answer cannot be read");
}
