using Automation.Server.Storage;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Automation.Server.Access;

/// <summary>What a look at a name and a password gave.</summary>
internal readonly record struct PasswordAnswer(StoredUser? User, string? NewerHash, TimeSpan Wait);

/// <summary>Checks passwords of users. PBKDF2 with HMAC-SHA-512 and 220,000 iterations, some 100 ms of one processor (ADR 32).</summary>
/// <remarks>
/// A name that is not there costs what one that is does. Half of the processors check at a time, and a bounded number waits. Ten wrong passwords of a user within five minutes make the user wait, from
/// whatever address: whoever asks with the right one waits too, and the admin token does not.
/// </remarks>
internal sealed class Passwords : IDisposable
{
    public const int Iterations = 220_000, Shortest = 12, Longest = 256;
    private const int WrongAllowed = 10, MaxWaiting = 50;

    private readonly PasswordHasher<StoredUser> hasher = new(Options.Create(new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV3, IterationCount = Iterations }));
    private readonly SemaphoreSlim turn = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly AttemptLimit<string> wrong;
    private readonly AccessDirectory directory;
    private readonly Lazy<string> decoy;
    private int waiting;

    public Passwords(AccessDirectory directory, TimeProvider time)
    {
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
        _ when password.Contains(user, StringComparison.OrdinalIgnoreCase) => "The password must not contain the user's name.",
        _ when password.Distinct().Count() < 5 => "The password repeats too few characters.",
        _ => null,
    };

    /// <summary>The user, when the password is right; how long to wait, when too many were wrong or too many are being checked.</summary>
    public async Task<PasswordAnswer> CheckAsync(string name, string password)
    {
        if (wrong.WaitOf(name) is { Ticks: > 0 } wait) return new(null, null, wait);
        if (password.Length > Longest) password = password[..Longest] + "."; // never right
        if (Interlocked.Increment(ref waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref waiting);
            return new(null, null, TimeSpan.FromSeconds(5));
        }

        try
        {
            await turn.WaitAsync();
            try
            {
                var user = directory.Users.GetValueOrDefault(name);
                var result = await Task.Run(() => hasher.VerifyHashedPassword(user!, user?.Password ?? decoy.Value, password));
                if (user is { Disabled: false } && result is not PasswordVerificationResult.Failed) return new(user, result is PasswordVerificationResult.SuccessRehashNeeded ? Hash(password) : null, TimeSpan.Zero);
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

        wrong.Count(name);
        return default;
    }

    public void Dispose() => turn.Dispose();
}
