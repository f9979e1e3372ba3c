using System.Buffers.Binary;
using Guardian.Sgx;
using Guardian.Sgx.Keys;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;

namespace Guardian.Simulation.Processor;

/// <summary>
/// The key derivation of EGETKEY (SDM vol. 3D, EGETKEY): AES-CMAC under the machine's fuse key over the inputs of each key name, each at
/// its
/// fixed place, zero if the key does not depend on it.
/// </summary>
internal static class KeyDerivation
{
    // INIT and DEBUG always enter the key, so that a debug enclave never gets a production key.
    private const AttributeFlags AlwaysMasked = AttributeFlags.Init | AttributeFlags.Debug;

    private const KeyPolicy NeedsKss = KeyPolicy.NoIsvProdId | KeyPolicy.ConfigId | KeyPolicy.IsvFamilyId | KeyPolicy.IsvExtProdId;

    private const KeyPolicy Known = NeedsKss | KeyPolicy.MrEnclave | KeyPolicy.MrSigner;

    public static KeyError GetKey(MachineIdentity machine, ReportBody self, KeyRequest request, Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, AesCmac.Size, nameof(key));
        key.Clear();
        var error = Check(machine, self, request);
        if (error == KeyError.Success)
        {
            Derive(machine, self, request, key);
        }
        return error;
    }

    /// <summary>Derives the key that checks reports for a target: EREPORT uses it, and EGETKEY returns it to the target.</summary>
    public static void DeriveReportKey(MachineIdentity machine, ReadOnlySpan<byte> targetInfo, ReadOnlySpan<byte> keyId, Span<byte> key)
    {
        var inputs = new Inputs(KeyName.Report);
        inputs.OwnerEpoch(machine.OwnerEpoch);
        inputs.CpuSvn(machine.CpuSvn.Span);
        inputs.KeyId(keyId);
        inputs.MrEnclave(MrEnclave.Read(targetInfo[..32]));
        inputs.Attributes(EnclaveAttributes.Read(targetInfo[32..]), default);
        inputs.CetAttributes(targetInfo[48], 0);
        inputs.ConfigSvn(BinaryPrimitives.ReadUInt16LittleEndian(targetInfo[50..]));
        inputs.MiscSelect(BinaryPrimitives.ReadUInt32LittleEndian(targetInfo[52..]), 0);
        inputs.ConfigId(targetInfo.Slice(64, 64));
        inputs.Derive(machine.FuseKey, key);
    }

    private static KeyError Check(MachineIdentity machine, ReportBody self, KeyRequest request)
    {
        if (request.Name > KeyName.Seal)
        {
            return KeyError.InvalidKeyName;
        }
        if (request.Name == KeyName.Report)
        {
            return KeyError.Success;
        }
        var flags = self.Attributes.Flags;
        var needed = request.Name switch
        {
            KeyName.EInitToken => AttributeFlags.EInitTokenKey,
            KeyName.Provision or KeyName.ProvisionSeal => AttributeFlags.ProvisionKey,
            _ => AttributeFlags.None,
        };
        var usesKss = (request.Policy & NeedsKss) != 0 || request.ConfigSvn > 0;
        if (!flags.HasFlag(needed) || (request.Policy & ~Known) != 0 || (usesKss && !flags.HasFlag(AttributeFlags.Kss)))
        {
            return KeyError.InvalidAttribute;
        }
        for (var i = 0; i < request.CpuSvn.Length; i++)
        {
            if (request.CpuSvn.Span[i] > machine.CpuSvn.Span[i])
            {
                return KeyError.InvalidCpuSvn;
            }
        }
        return request.IsvSvn > self.IsvSvn || request.ConfigSvn > self.ConfigSvn ? KeyError.InvalidIsvSvn : KeyError.Success;
    }

    private static void Derive(MachineIdentity machine, ReportBody self, KeyRequest request, Span<byte> key)
    {
        if (request.Name == KeyName.Report)
        {
            DeriveReportKey(machine, TargetInfo.Of(self), Padded(request.KeyId.Span, KeyRequest.KeyIdSize), key);
            return;
        }
        var mask = request.AttributeMask with { Flags = request.AttributeMask.Flags | AlwaysMasked };
        var inputs = new Inputs(request.Name);
        inputs.CpuSvn(request.CpuSvn.Span);
        inputs.IsvSvn(request.IsvSvn);
        inputs.Attributes(self.Attributes.Masked(mask), mask);
        inputs.CetAttributes((byte)(self.CetAttributes & request.CetAttributesMask), request.CetAttributesMask);
        inputs.MiscSelect(self.MiscSelect & request.MiscMask, ~request.MiscMask);
        // Provisioning keys outlive a change of owner and do not depend on KEYID.
        if (request.Name is KeyName.Seal or KeyName.EInitToken)
        {
            inputs.OwnerEpoch(machine.OwnerEpoch);
            inputs.KeyId(request.KeyId.Span);
        }
        if (request.Name == KeyName.Seal)
        {
            AddSealInputs(ref inputs, self, request);
        }
        else
        {
            inputs.IsvProdId(self.IsvProdId);
            inputs.MrSigner(self.MrSigner);
        }
        inputs.Derive(machine.FuseKey, key);
    }

    private static void AddSealInputs(ref Inputs inputs, ReportBody self, KeyRequest request)
    {
        inputs.Policy(request.Policy);
        inputs.ConfigSvn(request.ConfigSvn);
        if (!request.Policy.HasFlag(KeyPolicy.NoIsvProdId))
        {
            inputs.IsvProdId(self.IsvProdId);
        }
        if (request.Policy.HasFlag(KeyPolicy.MrEnclave))
        {
            inputs.MrEnclave(self.MrEnclave);
        }
        if (request.Policy.HasFlag(KeyPolicy.MrSigner))
        {
            inputs.MrSigner(self.MrSigner);
        }
        if (request.Policy.HasFlag(KeyPolicy.ConfigId))
        {
            inputs.ConfigId(self.ConfigId.Span);
        }
        if (request.Policy.HasFlag(KeyPolicy.IsvFamilyId))
        {
            inputs.IsvFamilyId(self.IsvFamilyId.Span);
        }
        if (request.Policy.HasFlag(KeyPolicy.IsvExtProdId))
        {
            inputs.IsvExtProdId(self.IsvExtProdId.Span);
        }
    }

    private static ReadOnlySpan<byte> Padded(ReadOnlySpan<byte> bytes, int size)
    {
        var padded = new byte[size];
        bytes.CopyTo(padded);
        return padded;
    }

    /// <summary>The derivation string: one fixed place for each input, so that different inputs give different strings.</summary>
    private readonly ref struct Inputs
    {
        private readonly Span<byte> bytes = new byte[320];

        public Inputs(KeyName name) => BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)name);

        public void Policy(KeyPolicy policy) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], (ushort)policy);

        public void IsvProdId(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], value);

        public void IsvSvn(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], value);

        public void ConfigSvn(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], value);

        public void CetAttributes(byte masked, byte mask) => (bytes[10], bytes[11]) = (masked, mask);

        public void MiscSelect(uint masked, uint unmasked)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], masked);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], unmasked);
        }

        public void CpuSvn(ReadOnlySpan<byte> value) => value.CopyTo(bytes.Slice(20, 16));

        public void OwnerEpoch(ReadOnlySpan<byte> value) => value.CopyTo(bytes.Slice(36, 16));

        public void Attributes(EnclaveAttributes masked, EnclaveAttributes mask)
        {
            masked.Write(bytes[52..]);
            mask.Write(bytes[68..]);
        }

        public void MrEnclave(MrEnclave value) => value.CopyTo(bytes[84..]);

        public void MrSigner(MrSigner value) => value.CopyTo(bytes[116..]);

        public void KeyId(ReadOnlySpan<byte> value) => value.CopyTo(bytes.Slice(148, 32));

        public void ConfigId(ReadOnlySpan<byte> value) => value.CopyTo(bytes.Slice(180, 64));

        public void IsvFamilyId(ReadOnlySpan<byte> value) => value.CopyTo(bytes.Slice(244, 16));

        public void IsvExtProdId(ReadOnlySpan<byte> value) => value.CopyTo(bytes.Slice(260, 16));

        public void Derive(ReadOnlySpan<byte> fuseKey, Span<byte> key) => AesCmac.Compute(fuseKey, bytes, key);
    }
}
