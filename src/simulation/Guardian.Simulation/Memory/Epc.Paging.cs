using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Sgx.Measurement;

namespace Guardian.Simulation.Memory;

public sealed partial class Epc
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    // Returns a free frame; reclaims frames first when there are too few.
    private int AllocateFrame()
    {
        if (free.Count <= low)
        {
            Reclaim();
        }
        return free.TryPop(out var frame)
            ? frame
            : throw new EpcException(
                EpcFault.OutOfMemory, $"all {map.Length} EPC pages are in use and none can be written out; use a larger EPC");
    }

    // Second chance: the hand skips a page once if it was used since the last pass.
    private void Reclaim()
    {
        for (var steps = 2 * map.Length; steps > 0 && free.Count < high; steps--)
        {
            ref var entry = ref map[clockHand];
            if (entry.Kind == PageKind.Regular)
            {
                if (entry.IsReferenced)
                {
                    entry.IsReferenced = false;
                }
                else
                {
                    markedOld++;
                    WriteOut(clockHand);
                }
            }
            clockHand = (clockHand + 1) % map.Length;
        }
    }

    // EWB
    private void WriteOut(int frame)
    {
        var (enclave, offset) = (map[frame].Owner!, map[frame].Offset);
        var page = enclave.Pages[offset];
        var outside = new EvictedPage(new byte[PageSize], new byte[TagSize]);
        lastVersion++;
        BinaryPrimitives.WriteUInt64LittleEndian(VersionSlot(enclave, page), lastVersion);
        paging.Encrypt(Nonce(lastVersion), Frame(frame), outside.Ciphertext, outside.Tag, Identity(enclave, offset, page.Flags));
        MainMemory[(enclave, offset)] = outside;
        page.Frame = -1;
        ReleaseFrame(frame);
        evicted++;
    }

    // ELDU
    private void LoadBack(EpcEnclave enclave, ulong offset, EpcPage page)
    {
        var frame = AllocateFrame();
        var version = BinaryPrimitives.ReadUInt64LittleEndian(VersionSlot(enclave, page));
        try
        {
            if (!MainMemory.TryGetValue((enclave, offset), out var outside))
            {
                throw new EpcException(EpcFault.Integrity, $"the page at offset 0x{offset:x} was written out and is missing");
            }
            paging.Decrypt(Nonce(version), outside.Ciphertext, outside.Tag, Frame(frame), Identity(enclave, offset, page.Flags));
        }
        catch (Exception failure) when (failure is AuthenticationTagMismatchException or EpcException)
        {
            ReleaseFrame(frame);
            throw failure as EpcException
                ?? new EpcException(
                    EpcFault.Integrity, $"the page at offset 0x{offset:x} came back altered, exchanged or of an earlier version");
        }
        MainMemory.Remove((enclave, offset));
        VersionSlot(enclave, page).Clear();
        page.Frame = frame;
        AssignFrame(frame, new MapEntry(enclave, offset, PageKind.Regular));
        loadedBack++;
    }

    private static byte[] Nonce(ulong version)
    {
        var nonce = new byte[NonceSize];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, version);
        return nonce;
    }

    private static byte[] Identity(EpcEnclave enclave, ulong offset, PageFlags flags)
    {
        var identity = new byte[3 * sizeof(ulong)];
        BinaryPrimitives.WriteInt64LittleEndian(identity, enclave.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(identity.AsSpan(8), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(identity.AsSpan(16), (ulong)flags);
        return identity;
    }
}

/// <summary>A page outside the EPC, as the host sees it.</summary>
internal sealed record EvictedPage(byte[] Ciphertext, byte[] Tag);
