// Unpacks @sparticuz/chromium into the temporary directory ($TMPDIR).
// The package unpacks its own libnss3, libnspr4 and libexpat1 only where it believes to
// be on Amazon's Node; we want them everywhere, so that the system need not have them.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
await chromium.executablePath();
