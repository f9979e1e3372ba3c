using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Guardian.Attestation.Envelopes;

namespace Guardian.Attestation.Native;

/// <summary>The functions of <c>guardian_attestation.h</c>. They hold no state, so any thread may call them.</summary>
internal static unsafe class Exports
{
    private const int Accepted = 0;
    private const int Refused = 1;
    private const int WrongUsage = 2;
    private const int Failed = 3;

    // Larger than the collateral of any platform, and than any options that a person writes.
    private const nuint MaxCollateral = 8 * 1024 * 1024;
    private const int MaxOptions = 1024 * 1024;

    [UnmanagedCallersOnly(EntryPoint = "guardian_attestation_verify")]
    [SuppressMessage("Design", "CA1031", Justification = "an exception that reaches a caller in another language ends its process")]
    private static int Verify(
        byte* evidence, nuint evidenceSize, byte* collateral, nuint collateralSize, byte* options, long at, byte** answer)
    {
        if (answer is null)
        {
            return WrongUsage;
        }
        *answer = null;
        try
        {
            var (code, json) = Answer(evidence, evidenceSize, collateral, collateralSize, options, at);
            *answer = Copy(json);
            return code;
        }
        catch (Exception)
        {
            return Failed;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "guardian_attestation_free")]
    private static void Free(byte* answer) => NativeMemory.Free(answer);

    [UnmanagedCallersOnly(EntryPoint = "guardian_attestation_abi")]
    private static int Abi() => 1;

    private static (int Code, byte[] Json) Answer(
        byte* evidence, nuint evidenceSize, byte* collateral, nuint collateralSize, byte* options, long at)
    {
        if (evidence is null || (collateral is null && collateralSize != 0))
        {
            return (WrongUsage, VerifyAnswer.WriteMistake("a pointer is null"));
        }
        if (evidenceSize > EnvelopeReader.MaxSize || collateralSize > MaxCollateral)
        {
            return (WrongUsage, VerifyAnswer.WriteMistake(
                $"evidence has at most {EnvelopeReader.MaxSize} bytes, and collateral at most {MaxCollateral}"));
        }
        // A text that does not end within its bound is not read further.
        var optionsText = options is null ? [] : new ReadOnlySpan<byte>(options, LengthOf(options));
        if (optionsText.Length > MaxOptions)
        {
            return (WrongUsage, VerifyAnswer.WriteMistake($"the options have more than {MaxOptions} bytes"));
        }
        // The caller may change its memory while this code reads it.
        var (request, mistake) = VerifyRequest.Read(
            new ReadOnlySpan<byte>(evidence, (int)evidenceSize).ToArray(),
            new ReadOnlySpan<byte>(collateral, (int)collateralSize).ToArray(),
            optionsText, at);
        if (request is null)
        {
            return (WrongUsage, VerifyAnswer.WriteMistake(mistake!));
        }
        var (accepted, json) = VerifyAnswer.Of(request);
        return (accepted ? Accepted : Refused, json);
    }

    private static int LengthOf(byte* text)
    {
        var length = 0;
        while (length <= MaxOptions && text[length] != 0)
        {
            length++;
        }
        return length;
    }

    private static byte* Copy(byte[] json)
    {
        var copy = (byte*)NativeMemory.Alloc((nuint)json.Length + 1);
        json.CopyTo(new Span<byte>(copy, json.Length));
        copy[json.Length] = 0;
        return copy;
    }
}
