using Guardian.Libvirt.Rpc;
using Guardian.Node.Metering;
using Guardian.Node.Relay;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Relay;

public sealed class RelayServerTests
{
    [Fact]
    public void Frames_pass_unchanged_in_both_directions_and_in_order()
    {
        using var relay = new TestRelay();
        relay.Daemon.Answer = (_, frame) => frame;
        using var client = relay.Connect();
        var random = new Random(7);
        var sent = new List<byte[]>();
        for (var i = 0; i < 500; i++)
        {
            var payload = new byte[random.Next(5) == 0 ? random.Next(300_000) : random.Next(200)];
            random.NextBytes(payload);
            // Any program, procedure and type that the relay does not inspect.
            var type = random.Next(2) == 0 ? RpcType.Call : RpcType.Stream;
            var header = new RpcHeader(
                0, (uint)random.Next(), 1, (uint)random.Next(1000, 2000), type, (uint)i, (RpcStatus)random.Next(3));
            sent.Add(header.MakeFrame(payload));
        }
        var writer = new Thread(() => client.Send(sent.SelectMany(frame => frame).ToArray())) { IsBackground = true };
        writer.Start();
        foreach (var frame in sent)
        {
            Assert.Equal(frame, client.Receive());
        }
        Assert.All(sent, frame => Assert.Equal(frame, relay.Daemon.Next()));
    }

    [Fact]
    public void A_frame_that_arrives_byte_by_byte_is_passed_on_whole()
    {
        using var relay = new TestRelay(FixedClaims.Of(8));
        using var client = relay.Connect();
        foreach (var value in client.MakeCall(RemoteProcedure.DomainDefineXml, new XdrWriter().WriteString(TestDomain.Nova()).ToArray()))
        {
            client.Send([value]);
        }
        Assert.Contains("sgx-epc", TestDomain.XmlOf(relay.Daemon.Next()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_definition_of_an_instance_with_a_claim_gets_its_EPC_and_keeps_its_flags()
    {
        using var relay = new TestRelay(FixedClaims.Of(8));
        using var client = relay.Connect();
        client.Call(RemoteProcedure.DomainDefineXmlFlags, new XdrWriter().WriteString(TestDomain.Nova()).WriteUInt32(0x5a5a5a5a).ToArray());
        var frame = relay.Daemon.Next();
        Assert.Contains("<size unit=\"KiB\">8192</size>", TestDomain.XmlOf(frame), StringComparison.Ordinal);
        Assert.Equal([0x5a, 0x5a, 0x5a, 0x5a], frame[^4..]);
    }

    [Fact]
    public void An_accepted_definition_is_known_once_without_asking_libvirt()
    {
        using var relay = new TestRelay(FixedClaims.Of(8));
        using var client = relay.Connect();
        var instance = Guid.Parse(TestDomain.Uuid);
        var call = new XdrWriter().WriteString(TestDomain.Nova()).ToArray();
        client.Call(RemoteProcedure.DomainDefineXml, call);
        Assert.Equal(new MeteredGuest(instance, 8, "decade", "sgx.small"), relay.Passed.RemoveAccepted(instance));
        Assert.Null(relay.Passed.RemoveAccepted(instance));

        // Refused, or never answered: libvirt must be asked.
        relay.Daemon.Answer = (header, _) => new RpcError(RpcErrorCode.OperationFailed, "no").MakeReply(header);
        client.Call(RemoteProcedure.DomainDefineXml, call);
        Assert.Null(relay.Passed.RemoveAccepted(instance));
        relay.Daemon.Answer = (_, _) => null;
        client.Send(client.MakeCall(RemoteProcedure.DomainDefineXml, call));
        Assert.Equal(3, Enumerable.Range(0, 3).Select(_ => relay.Daemon.Next()).Count());
        client.Dispose();
        Assert.Null(relay.Passed.RemoveAccepted(instance));
    }

    [Fact]
    public void A_definition_without_claim_passes_byte_for_byte()
    {
        using var relay = new TestRelay();
        using var client = relay.Connect();
        var call = client.MakeCall(RemoteProcedure.DomainDefineXml, new XdrWriter().WriteString(TestDomain.Nova()).ToArray());
        client.Send(call);
        Assert.Equal(call, relay.Daemon.Next());
    }

    [Fact]
    public void A_refused_definition_never_reaches_the_daemon_and_the_connection_goes_on()
    {
        using var relay = new TestRelay(new FixedClaims(null));
        using var client = relay.Connect();
        var (header, payload) = client.Call(RemoteProcedure.DomainDefineXml, new XdrWriter().WriteString(TestDomain.Nova()).ToArray());
        Assert.Equal((RpcType.Reply, RpcStatus.Error, 1u), (header.Type, header.Status, header.Serial));
        Assert.Contains("Placement does not answer", RpcError.Read(payload).Message, StringComparison.Ordinal);
        client.Call((RemoteProcedure)3);
        Assert.Equal(3u, HeaderOf(relay.Daemon.Next()).Procedure);
    }

    [Fact]
    public void The_client_is_told_that_file_descriptors_cannot_pass()
    {
        using var relay = new TestRelay();
        using var client = relay.Connect();
        var (header, payload) = client.Call(RemoteProcedure.ConnectSupportsFeature, new XdrWriter().WriteInt32(8).ToArray());
        Assert.Equal((RpcStatus.Ok, 1u), (header.Status, header.Serial));
        Assert.Equal(new byte[4], payload);
        client.Call(RemoteProcedure.ConnectSupportsFeature, new XdrWriter().WriteInt32(15).ToArray());
        Assert.Equal(2u, HeaderOf(relay.Daemon.Next()).Serial);
    }

    [Theory]
    [InlineData(RemoteProcedure.DomainSave)]
    [InlineData(RemoteProcedure.DomainSaveFlags)]
    [InlineData(RemoteProcedure.DomainSaveParams)]
    [InlineData(RemoteProcedure.DomainManagedSave)]
    [InlineData(RemoteProcedure.DomainMigratePerform)]
    [InlineData(RemoteProcedure.DomainMigrateBegin3)]
    [InlineData(RemoteProcedure.DomainMigratePerform3)]
    [InlineData(RemoteProcedure.DomainMigrateBegin3Params)]
    [InlineData(RemoteProcedure.DomainMigratePerform3Params)]
    internal void A_guest_with_EPC_or_TDX_is_neither_saved_nor_migrated_and_others_are(RemoteProcedure procedure)
    {
        var guest = new GuestName("instance-00000001", Guid.Parse(TestDomain.Uuid), 1);
        var arguments = guest.WriteTo(new XdrWriter()).WriteUInt32(0).ToArray();
        foreach (var kind in new[] { GuestKind.Epc, GuestKind.Tdx })
        {
            using var relay = new TestRelay(guests: new FixedLookup(kind));
            using var client = relay.Connect();
            var (header, payload) = client.Call(procedure, arguments);
            Assert.Equal(RpcStatus.Error, header.Status);
            Assert.Equal(RpcErrorCode.OperationUnsupported, RpcError.Read(payload).Code);
            Assert.Empty(relay.Daemon.Frames);
        }
        using (var relay = new TestRelay(guests: new FixedLookup(GuestKind.Plain)))
        using (var client = relay.Connect())
        {
            Assert.Equal(RpcStatus.Ok, client.Call(procedure, arguments).Header.Status);
            Assert.Equal(arguments, relay.Daemon.Next()[RpcHeader.Size..]);
        }
        using (var relay = new TestRelay(guests: new FixedLookup(null)))
        using (var client = relay.Connect())
        {
            Assert.Equal(RpcStatus.Error, client.Call(procedure, arguments).Header.Status);
        }
    }

    [Theory]
    [InlineData(RemoteProcedure.DomainMigratePrepare2)]
    [InlineData(RemoteProcedure.DomainMigratePrepareTunnel)]
    [InlineData(RemoteProcedure.DomainMigratePrepare3)]
    [InlineData(RemoteProcedure.DomainMigratePrepareTunnel3)]
    [InlineData(RemoteProcedure.DomainMigratePrepare3Params)]
    [InlineData(RemoteProcedure.DomainMigratePrepareTunnel3Params)]
    internal void A_guest_with_EPC_does_not_arrive_from_another_host_and_others_do(RemoteProcedure procedure)
    {
        using var relay = new TestRelay();
        using var client = relay.Connect();
        var plain = Prepare(procedure, TestDomain.Nova());
        Assert.Equal(RpcStatus.Ok, client.Call(procedure, plain).Header.Status);
        Assert.Equal(plain, relay.Daemon.Next()[RpcHeader.Size..]);

        void IsRefused(byte[] arguments, RpcErrorCode code) =>
            Assert.Equal(code, RpcError.Read(client.Call(procedure, arguments).Payload).Code);
        const string Device = "<memory model='sgx-epc'><target><size unit='KiB'>8192</size></target></memory>";
        IsRefused(Prepare(procedure, TestDomain.Nova(devices: Device)), RpcErrorCode.OperationUnsupported);
        IsRefused(Prepare(procedure, TestDomain.Nova(more: "<launchSecurity type='tdx'/>")), RpcErrorCode.OperationUnsupported);
        // A definition that cannot be read might have EPC.
        IsRefused(Prepare(procedure, "<domain"), RpcErrorCode.XmlDetail);
        IsRefused(plain[..^64], RpcErrorCode.XmlDetail);
        IsRefused([], RpcErrorCode.XmlDetail);
        Assert.Empty(relay.Daemon.Frames);
    }

    [Fact]
    public void A_snapshot_of_disks_is_taken_and_one_of_memory_is_not()
    {
        using var relay = new TestRelay(guests: new FixedLookup(GuestKind.Epc));
        using var client = relay.Connect();
        var running = new GuestName("instance-00000001", Guid.Parse(TestDomain.Uuid), 1);
        RpcStatus Snapshot(GuestName guest, uint flags) => client.Call(
            RemoteProcedure.DomainSnapshotCreateXml,
            guest.WriteTo(new XdrWriter()).WriteString("<domainsnapshot/>").WriteUInt32(flags).ToArray()).Header.Status;
        Assert.Equal(RpcStatus.Error, Snapshot(running, flags: 0));
        Assert.Equal(RpcStatus.Ok, Snapshot(running, flags: 0x10));
        // A client that looked the guest up before its start still says that it does not run.
        Assert.Equal(RpcStatus.Error, Snapshot(running with { Id = -1 }, flags: 0));
    }

    [Fact]
    public void A_device_that_is_EPC_is_not_attached_and_others_are()
    {
        using var relay = new TestRelay();
        using var client = relay.Connect();
        var guest = new GuestName("instance-00000001", Guid.Parse(TestDomain.Uuid), -1);
        (RpcHeader Header, byte[] Payload) Attach(string device) => client.Call(
            RemoteProcedure.DomainAttachDeviceFlags, guest.WriteTo(new XdrWriter()).WriteString(device).WriteUInt32(2).ToArray());
        var (header, payload) = Attach("<memory model='sgx-epc'><target><size unit='KiB'>8192</size></target></memory>");
        Assert.Equal(RpcStatus.Error, header.Status);
        Assert.Contains("cannot be attached", RpcError.Read(payload).Message, StringComparison.Ordinal);
        Assert.Equal(RpcStatus.Error, Attach("<memory model='sgx-epc'").Header.Status);
        Assert.Empty(relay.Daemon.Frames);
        Assert.Equal(RpcStatus.Ok, Attach("<interface type='network'><model type='virtio'/></interface>").Header.Status);
        Assert.Equal(RpcStatus.Ok, Attach("<memory model='dimm'><target><size unit='KiB'>8192</size></target></memory>").Header.Status);
    }

    [Theory]
    [InlineData(" id='7'", GuestKind.Epc)]
    [InlineData("", GuestKind.Plain)]
    internal async Task Only_libvirt_says_whether_a_guest_runs(string id, GuestKind kind)
    {
        const string Device = "<memory model='sgx-epc'><target><size unit='KiB'>8192</size></target></memory>";
        using var folder = new TemporaryFolder();
        using var daemon = new FakeDaemon(folder.File("daemon.sock"));
        daemon.Answer = (header, _) => header.MakeReply(RpcStatus.Ok).MakeFrame((RemoteProcedure)header.Procedure switch
        {
            RemoteProcedure.AuthList => new XdrWriter().WriteUInt32(1).WriteInt32(0).ToArray(),
            RemoteProcedure.DomainGetXmlDesc =>
                new XdrWriter().WriteString($"<domain{id}><devices>{Device}</devices></domain>").ToArray(),
            _ => [],
        });
        var stale = new GuestName("instance-00000001", Guid.Parse(TestDomain.Uuid), -1);
        Assert.Equal(kind, await new LibvirtGuestLookup(folder.File("daemon.sock")).FindKindAsync(stale, LibvirtClient.SystemUri));
    }

    [Theory]
    [InlineData(RemoteProcedure.DomainSave)]
    [InlineData(RemoteProcedure.DomainMigratePerform3Params)]
    [InlineData(RemoteProcedure.DomainSnapshotCreateXml)]
    internal void A_call_whose_guest_cannot_be_read_does_not_pass(RemoteProcedure procedure)
    {
        using var relay = new TestRelay(guests: new FixedLookup(GuestKind.Epc));
        using var client = relay.Connect();
        // libvirt finds a guest by its UUID and does not mind a name that is no UTF-8.
        byte[] arguments = [0, 0, 0, 1, 0xff, 0, 0, 0, .. Guid.Parse(TestDomain.Uuid).ToByteArray(bigEndian: true), 0, 0, 0, 1, 0, 0, 0, 0];
        Assert.Equal(RpcStatus.Error, client.Call(procedure, arguments).Header.Status);
        Assert.Empty(relay.Daemon.Frames);
    }

    [Fact]
    public void Another_user_is_refused()
    {
        using var relay = new TestRelay(user: TestRelay.CurrentUser + 1);
        using var client = relay.Connect();
        Assert.Null(client.Receive());
        Assert.Contains(relay.Log, line => line.Contains($"user {TestRelay.CurrentUser}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(27u, 0u)]
    [InlineData(RpcHeader.MaxLength + 1, 0u)]
    [InlineData(28u, 4u)]
    public void A_client_that_breaks_the_protocol_is_cut_off_and_the_others_go_on(uint length, uint type)
    {
        using var relay = new TestRelay();
        using var good = relay.Connect();
        using var bad = relay.Connect();
        bad.Send(new XdrWriter().WriteUInt32(length).WriteUInt32(RpcHeader.RemoteProgram).WriteUInt32(1).WriteUInt32(11)
            .WriteUInt32(type).WriteUInt32(1).WriteUInt32(0).ToArray());
        Assert.Null(bad.Receive());
        Assert.Equal(RpcStatus.Ok, good.Call((RemoteProcedure)3).Header.Status);
        SpinWait.SpinUntil(() => relay.ConnectionCount == 1, TimeSpan.FromMinutes(10));
        Assert.Equal(1, relay.ConnectionCount);
    }

    [Fact]
    public void A_client_that_does_not_read_stops_nobody_else()
    {
        using var relay = new TestRelay();
        relay.Daemon.Answer = (header, _) => header.MakeReply(RpcStatus.Ok).MakeFrame(new byte[4_000_000]);
        using var lazy = relay.Connect();
        for (var i = 0; i < 3; i++)
        {
            lazy.Send(lazy.MakeCall((RemoteProcedure)3));
        }
        using var half = relay.Connect();
        var call = half.MakeCall(RemoteProcedure.DomainDefineXml, new XdrWriter().WriteString(TestDomain.Nova()).ToArray());
        half.Send(call.AsSpan(0, 500));
        using var good = relay.Connect();
        Assert.Equal(4_000_000, good.Call((RemoteProcedure)3).Payload.Length);
    }

    [Fact]
    public void A_daemon_that_dies_closes_the_client()
    {
        using var relay = new TestRelay();
        using var client = relay.Connect();
        relay.Daemon.Answer = (_, _) => throw new InvalidOperationException("dies");
        client.Send(client.MakeCall((RemoteProcedure)3));
        Assert.Null(client.Receive());
    }

    [Fact]
    public void Without_daemon_a_client_is_closed_and_the_log_says_why()
    {
        using var relay = new TestRelay();
        relay.Daemon.Dispose();
        using var client = relay.Connect();
        Assert.Null(client.Receive());
        Assert.Contains(relay.Log, line => line.Contains("cannot be reached", StringComparison.Ordinal));
    }

    private static RpcHeader HeaderOf(byte[] frame)
    {
        RpcHeader.TryRead(frame, out var header);
        return header;
    }

    // remote_domain_migrate_prepare*_args
    private static byte[] Prepare(RemoteProcedure procedure, string xml)
    {
        var writer = new XdrWriter();
        if (procedure is RemoteProcedure.DomainMigratePrepare3Params or RemoteProcedure.DomainMigratePrepareTunnel3Params)
        {
            return writer.WriteUInt32(3)
                .WriteString("bandwidth").WriteInt32(4).WriteUInt32(0).WriteUInt32(9)
                .WriteString("destination_xml").WriteInt32(7).WriteString(xml)
                .WriteString("parallel").WriteInt32(6).WriteInt32(1)
                .WriteString("cookie").WriteUInt32(1).ToArray();
        }
        if (procedure is RemoteProcedure.DomainMigratePrepare3 or RemoteProcedure.DomainMigratePrepareTunnel3)
        {
            writer.WriteString("cookie");
        }
        if (procedure is RemoteProcedure.DomainMigratePrepare2 or RemoteProcedure.DomainMigratePrepare3)
        {
            writer.WriteOptionalString("tcp://here");
        }
        return writer.WriteUInt32(0).WriteUInt32(1).WriteOptionalString("name").WriteUInt32(0).WriteUInt32(0).WriteString(xml).ToArray();
    }
}
