using System.Net;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Automation.Server.Access;

/// <summary>What a look at a name and a password gave.</summary>
/// <param name="User">The user as looked at, when the password is right; else null.</param>
/// <param name="NewerHash">The password's hash in a newer form; null when there is none.</param>
/// <param name="Wait">How long to wait, when the password was not looked at; else zero.</param>
/// <param name="IsBusy">True when it was not looked at because too many are being checked, false because too many were wrong.</param>
internal readonly record struct PasswordAnswer(StoredUser? User, string? NewerHash, TimeSpan Wait, bool IsBusy);

/// <summary>Checks passwords of users. PBKDF2 with HMAC-SHA-512 and 220,000 iterations, some 100 ms of one processor (ADR 32).</summary>
/// <remarks>
/// A name that is not there costs what one that is does. Half of the processors check at a time, four at the most, and a bounded number waits. Ten wrong passwords of a user within five minutes make the
/// user wait, from whatever address: whoever asks with the right one waits too, and the admin token does not. Ten from an address within a minute make that wait (<see cref="WrongTokens"/>).
/// </remarks>
internal sealed class Passwords : IDisposable
{
    public const int Iterations = 220_000, Shortest = 12, Longest = 256;
    private const int WrongAllowed = 10, MaxWaiting = 50;
    private const int ShortestTelling = 4; // shorter names are in many words

    private readonly PasswordHasher<StoredUser> hasher = new(Options.Create(new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV3, IterationCount = Iterations }));
    private readonly SemaphoreSlim turn = new(Math.Clamp(Environment.ProcessorCount / 2, 1, 4)); // fewer than wrong ones are allowed: right ones take none from each other
    private readonly AttemptLimit<string> wrong;
    private readonly WrongTokens wrongFrom;
    private readonly AccessDirectory directory;
    private readonly Lazy<string> decoy;
    private int waiting;

    public Passwords(AccessDirectory directory, WrongTokens wrongFrom, TimeProvider time)
    {
        this.wrongFrom = wrongFrom;
        this.directory = directory;
        wrong = new AttemptLimit<string>(WrongAllowed, TimeSpan.FromMinutes(5), time);
        decoy = new Lazy<string>(() => Hash("a password that nobody has"));
    }

    public string Hash(string password) => hasher.HashPassword(null!, password);

    /// <summary>Why a password cannot be taken; null when it can.</summary>
    public static string? WhyNot(string? password, string user) => password switch
    {
        null or { Length: < Shortest } => $"A password has {Shortest} characters or more.",
        { Length: > Longest } => $"A password has {Longest} characters at the most.",
        _ when user.Length >= ShortestTelling && password.Contains(user, StringComparison.OrdinalIgnoreCase) => "The password must not contain the user's name.",
        _ when password.Distinct().Count() < 5 => "The password repeats too few characters.",
        _ => null,
    };

    /// <summary>The user, when the password is right; how long to wait, when too many were wrong or too many are being checked.</summary>
    /// <param name="from">Where it comes from.</param>
    public async Task<PasswordAnswer> CheckAsync(string name, string password, IPAddress? from)
    {
        if (Longer(wrongFrom.WaitOf(from), wrong.WaitOf(name)) is { Ticks: > 0 } wait) return new(null, null, wait, IsBusy: false);
        if (password.Length > Longest) password = password[..Longest] + "."; // never right
        if (Interlocked.Increment(ref waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref waiting);
            return new(null, null, TimeSpan.FromSeconds(5), IsBusy: true);
        }

        try
        {
            await turn.WaitAsync();
            try
            {
                return await CheckInTurnAsync(name, password, from);
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<PasswordAnswer> CheckInTurnAsync(string name, string password, IPAddress? from)
    {
        if (Longer(wrongFrom.Take(from), wrong.Take(name)) is { Ticks: > 0 } wait) return new(null, null, wait, IsBusy: false);
        var user = directory.Users.GetValueOrDefault(name);
        var result = await Task.Run(() => hasher.VerifyHashedPassword(user!, user?.Password ?? decoy.Value, password));
        if (user is not { Disabled: false } || result is PasswordVerificationResult.Failed) return default;
        wrongFrom.Return(from);
        wrong.Return(name);
        return new(user, result is PasswordVerificationResult.SuccessRehashNeeded ? Hash(password) : null, TimeSpan.Zero, IsBusy: false);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
